#include "net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "net/dns/ares_channel.h"

namespace fl::net {
namespace {

constexpr Duration kMinTtl = 1s;
constexpr Duration kMaxTtl = 60s;
constexpr size_t kMaxEntries = 4096;

// So that load spreads over a name's addresses: each answer begins with the one after, IPv4 still before IPv6.
void turn_round(std::vector<IpAddress>& addresses, size_t steps) {
  const auto first_v6 = std::ranges::find_if(addresses, [](const IpAddress& ip) { return !ip.is_v4(); });
  const auto turn = [steps](auto begin, auto end) {
    if (begin != end)
      std::rotate(begin, begin + static_cast<std::ptrdiff_t>(steps % static_cast<size_t>(end - begin)), end);
  };
  turn(addresses.begin(), first_v6);
  turn(first_v6, addresses.end());
}

}  // namespace

struct Resolver::Impl {
  struct Question {
    Impl& impl;
    std::string name;
    std::vector<std::coroutine_handle<>> waiters;
    Result<std::vector<IpAddress>> answer;
    bool done = false;
  };
  struct Entry {
    std::vector<IpAddress> addresses;
    TimePoint expires;
  };
  explicit Impl(Loop& l) : loop(l), channel(l) {}

  static void on_answer(void* argument, int status, int, ares_addrinfo* info) {
    auto& question = *static_cast<Question*>(argument);
    question.done = true;
    if (status == ARES_SUCCESS) {
      std::vector<IpAddress> addresses;
      int64_t ttl = 60;
      for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
        const IpAddress ip = SocketAddress::from(node->ai_addr).ip;
        if (std::ranges::find(addresses, ip) == addresses.end()) addresses.push_back(ip);
        ttl = std::min<int64_t>(ttl, node->ai_ttl);
      }
      std::ranges::sort(addresses, {}, [](const IpAddress& ip) { return std::pair(!ip.is_v4(), ip); });
      if (addresses.empty()) {
        question.answer = fail(Code::not_found, fmt::format("host name \"{}\" has no address", question.name));
      } else {
        Impl& impl = question.impl;
        turn_round(addresses, impl.answers++);
        if (impl.cache.size() >= kMaxEntries) impl.cache.clear();
        const Duration keep = std::clamp<Duration>(std::chrono::seconds(ttl), kMinTtl, kMaxTtl);
        impl.cache[question.name] = {addresses, impl.loop.now() + keep};
        question.answer = std::move(addresses);
      }
      ares_freeaddrinfo(info);
    } else {
      const bool missing = status == ARES_ENOTFOUND || status == ARES_ENODATA;
      question.answer = fail(missing ? Code::not_found : Code::unavailable,
                             fmt::format("cannot resolve host name \"{}\": {}", question.name, ares_strerror(status)));
    }
    if (status == ARES_EDESTRUCTION) return;
    for (const auto waiter : question.waiters) question.impl.loop.resume_later(waiter);
    question.waiters.clear();
  }

  Loop& loop;
  std::map<std::string, Entry, std::less<>> cache;
  size_t answers = 0;  // given so far: where the next name's turns begin
  std::map<std::string, std::shared_ptr<Question>, std::less<>> asking;
  dns::AresChannel channel;  // before the questions it may yet call back
};

Resolver::Resolver(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Resolver::~Resolver() = default;

const std::vector<IpAddress>* Resolver::cached(std::string_view host) {
  const auto it = impl_->cache.find(host);
  if (it != impl_->cache.end()) {
    if (it->second.expires > impl_->loop.now()) {
      turn_round(it->second.addresses, 1);
      return &it->second.addresses;
    }
    impl_->cache.erase(it);
  }
  if (auto ip = IpAddress::parse(host)) {
    if (impl_->cache.size() >= kMaxEntries) impl_->cache.clear();
    return &(impl_->cache[std::string(host)] = {{*ip}, TimePoint::max()}).addresses;
  }
  return nullptr;
}

Task<Result<std::vector<IpAddress>>> Resolver::resolve(std::string_view host) {
  if (const auto* known = cached(host)) co_return *known;
  if (!impl_->channel.ok()) co_return fail(Code::internal, "the DNS resolver could not be set up");
  std::shared_ptr<Impl::Question> question;
  if (const auto it = impl_->asking.find(host); it != impl_->asking.end()) {
    question = it->second;
  } else {
    question = std::make_shared<Impl::Question>(*impl_, std::string(host));
    impl_->asking.emplace(host, question);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_ENVHOSTS;  // $CARES_HOSTS instead of /etc/hosts
    impl_->channel.ask(question->name, hints, &Impl::on_answer, question.get());
  }
  if (!question->done) {
    struct Wait {
      Impl::Question& question;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<> h) { question.waiters.push_back(h); }
      void await_resume() noexcept {}
    };
    co_await Wait{*question};
  }
  if (const auto it = impl_->asking.find(question->name); it != impl_->asking.end() && it->second == question)
    impl_->asking.erase(it);
  auto answer = question->answer;
  if (question->answer) turn_round(*question->answer, 1);  // for the next who waited for it
  co_return answer;
}

}  // namespace fl::net
