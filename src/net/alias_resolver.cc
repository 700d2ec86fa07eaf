#include "net/alias_resolver.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "net/dns/ares_channel.h"

namespace fl::net {
namespace {

constexpr Duration kMinTtl = 1s;
constexpr Duration kMaxTtl = 30min;
constexpr Duration kNoAliasTtl = 60s;
constexpr size_t kMaxEntries = 4096;
constexpr size_t kMaxQuestions = 256;

// The end of the chain of CNAMEs that begins at `host`, and how long it holds.
std::pair<std::string, Duration> follow(const ares_addrinfo& info, std::string_view host, size_t depth) {
  std::string name(host);
  Duration ttl = kMaxTtl;
  for (size_t step = 0; step < depth; ++step) {
    const ares_addrinfo_cname* link = info.cnames;
    while (link != nullptr && (link->alias == nullptr || link->name == nullptr || !iequals(link->alias, name)))
      link = link->next;
    if (link == nullptr) break;
    name = link->name;
    ttl = std::min<Duration>(ttl, std::chrono::seconds(link->ttl));
  }
  if (iequals(name, host)) return {"", kNoAliasTtl};
  return {to_lower(name), std::max(ttl, kMinTtl)};
}

}  // namespace

struct AliasResolver::Impl {
  struct Question {
    Impl& impl;
    std::string name;
    std::vector<std::coroutine_handle<>> waiters;
    bool done = false;
  };
  struct Alias {
    std::string of;  // empty: it is none
    TimePoint expires;
  };
  // Ends with the answer or the deadline, whatever comes first.
  struct Wait : Timer {
    Loop& loop;
    Question& question;
    TimePoint deadline;
    std::coroutine_handle<> waiter;
    Wait(Loop& l, Question& q, TimePoint d)
        : Timer([](Timer& t) { static_cast<Wait&>(t).give_up(); }), loop(l), question(q), deadline(d) {}
    void give_up() {
      if (std::erase(question.waiters, waiter) > 0) loop.resume_later(waiter);  // else the answer has done it
    }
    bool await_ready() const noexcept { return question.done; }
    void await_suspend(std::coroutine_handle<> h) {
      waiter = h;
      question.waiters.push_back(h);
      loop.timers().set(*this, deadline);
    }
    void await_resume() noexcept { cancel(); }
  };

  Impl(Loop& l, const AliasOptions& o) : loop(l), depth(o.depth), channel(l, o.resolv_conf, o.port) {}

  std::shared_ptr<Question> ask(const std::string& host) {
    if (const auto it = questions.find(host); it != questions.end()) return it->second;
    if (!channel.ok() || questions.size() >= kMaxQuestions) return nullptr;
    auto question = std::make_shared<Question>(*this, host);
    questions.emplace(host, question);
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_CANONNAME;
    channel.ask(question->name, hints, &Impl::on_answer, question.get());
    return question;
  }

  static void on_answer(void* argument, int status, int, ares_addrinfo* info) {
    auto& question = *static_cast<Question*>(argument);
    Impl& impl = question.impl;
    if (status == ARES_EDESTRUCTION) return;
    question.done = true;
    if (impl.aliases.size() >= kMaxEntries) impl.aliases.clear();
    auto [of, ttl] = info != nullptr ? follow(*info, question.name, impl.depth) : std::pair(std::string(), kNoAliasTtl);
    if (info != nullptr) ares_freeaddrinfo(info);
    impl.aliases[question.name] = {std::move(of), impl.loop.now() + ttl};
    for (const auto waiter : question.waiters) impl.loop.resume_later(waiter);
    question.waiters.clear();
    impl.questions.erase(impl.questions.find(question.name));  // the last of it, if nobody waits
  }

  Loop& loop;
  const size_t depth;
  std::map<std::string, Alias, std::less<>> aliases;
  std::map<std::string, std::shared_ptr<Question>, std::less<>> questions;
  dns::AresChannel channel;  // before the questions it may yet call back
};

AliasResolver::AliasResolver(Loop& loop, const AliasOptions& options) : impl_(std::make_unique<Impl>(loop, options)) {}
AliasResolver::~AliasResolver() = default;

const std::string* AliasResolver::known(std::string_view host) const {
  const auto it = impl_->aliases.find(host);
  return it != impl_->aliases.end() && it->second.expires > impl_->loop.now() ? &it->second.of : nullptr;
}

Task<std::string> AliasResolver::alias_of(std::string host, TimePoint deadline) {
  if (const std::string* alias = known(host)) co_return *alias;
  const auto question = impl_->ask(host);
  if (question != nullptr) co_await Impl::Wait(impl_->loop, *question, deadline);
  const std::string* alias = known(host);
  co_return alias != nullptr ? *alias : std::string();
}

}  // namespace fl::net
