#include "app/wiring/ocsp_stapler.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace fl::app {
namespace {

constexpr Duration kLookAtTheClock = 1s;
constexpr Duration kLeastRest = 10s;  // between two answers, however short-lived they are
constexpr Duration kFirstPatience = 1min;
constexpr Duration kLongestPatience = 1h;
constexpr size_t kAtOnce = 8;                 // responders asked side by side
constexpr size_t kMaxAnswerBytes = 64 << 10;  // they are two thousand, with a responder's certificate
constexpr Duration kAnswerTimeout = 10s;

}  // namespace

struct OcspStapler::Entry {
  std::shared_ptr<const tls::Certificate> certificate;
  tls::OcspQuestion question;
  std::string name;    // for messages
  WallTime due{};      // to be asked about
  WallTime expires{};  // the staple in use
  Duration patience = kFirstPatience;
};

OcspStapler::OcspStapler(http::Fetcher& fetcher, config::statics::Ocsp options)
    : fetcher_(fetcher), options_(std::move(options)) {}
OcspStapler::~OcspStapler() = default;

void OcspStapler::serve(const tls::CertificateStore& certificates) {
  std::map<std::shared_ptr<const tls::Certificate>, EntryPtr> served;
  const auto add = [&](const std::shared_ptr<const tls::Certificate>& certificate) {
    if (certificate == nullptr || served.contains(certificate)) return;
    const auto before = entries_.find(certificate);
    served.emplace(certificate, before != entries_.end() ? before->second : make_entry(certificate));
  };
  for (const auto& certificate : certificates.all()) add(certificate);
  add(certificates.default_certificate());
  entries_ = std::move(served);
}

OcspStapler::EntryPtr OcspStapler::make_entry(const std::shared_ptr<const tls::Certificate>& certificate) const {
  const std::string name = certificate->names().empty() ? certificate->facts().serial : certificate->names().front();
  auto question = tls::OcspQuestion::about(certificate);
  if (question) return std::make_shared<Entry>(Entry{certificate, *std::move(question), name});
  // Many authorities have given OCSP up; one that has not should be asked.
  if (question.error().code == Code::not_found)
    log::debug("ocsp: {}: {}", name, question.error().message);
  else
    log::warn("ocsp: {}: {}", name, question.error().message);
  return nullptr;
}

net::Task<> OcspStapler::run(net::StopToken stop) {
  do {
    std::vector<EntryPtr> due;
    const WallTime now = fetcher_.loop().wall();
    for (const auto& [certificate, entry] : entries_)
      if (entry != nullptr && entry->due <= now) due.push_back(entry);
    std::ranges::reverse(due);
    net::TaskScope scope;
    for (size_t i = 0; i < std::min(kAtOnce, due.size()); ++i) scope.spawn(ask_in_turn(due, stop));
    co_await scope.join();
  } while (co_await net::sleep_for(kLookAtTheClock, stop));
}

net::Task<> OcspStapler::ask_in_turn(std::vector<EntryPtr>& due, net::StopToken stop) {
  while (!due.empty() && !stop.stop_requested()) {
    const EntryPtr entry = due.back();
    due.pop_back();
    co_await ask(*entry, stop);
  }
}

net::Task<> OcspStapler::ask(Entry& entry, net::StopToken stop) {
  auto staple = co_await fetch(entry.question, stop);
  const WallTime now = fetcher_.loop().wall();
  if (staple) {
    if (entry.expires == WallTime{}) log::info("ocsp: {}: stapled", entry.name);
    entry.certificate->set_staple(std::move(staple->der));
    entry.expires = staple->next_update;
    entry.due = std::min(std::max(staple->refresh_at(), now + kLeastRest), staple->next_update);
    entry.patience = kFirstPatience;
    co_return;
  }
  if (stop.stop_requested()) co_return;
  const bool is_revoked = staple.error().code == Code::denied;
  const bool is_over = entry.expires <= now;
  if (is_revoked)
    log::error("ocsp: {}: {}", entry.name, staple.error().message);
  else
    log::warn("ocsp: {}: {}{}", entry.name, staple.error().message,
              is_over ? "" : "; the answer before stays in use until its end");
  if (is_revoked || is_over) {
    entry.certificate->set_staple(nullptr);
    entry.expires = {};
  }
  entry.due = now + entry.patience;
  if (entry.expires > now) entry.due = std::min(entry.due, entry.expires);  // it ends with its time
  entry.patience = std::min(entry.patience * 2, kLongestPatience);
}

net::Task<Result<tls::OcspStaple>> OcspStapler::fetch(const tls::OcspQuestion& question, net::StopToken stop) {
  const auto replaced = options_.responder_overrides.find(question.responder());
  const std::string responder =
      replaced != options_.responder_overrides.end() ? replaced->second : question.responder();
  http::FetchRequest request;
  FL_CO_TRY(request.url, http::Url::parse(responder));
  request.method = "POST";
  request.headers = {{"Content-Type", "application/ocsp-request"}, {"Accept", "application/ocsp-response"}};
  request.body = question.der();
  auto answer = co_await fetcher_.fetch(std::move(request),
                                        {.timeout = kAnswerTimeout, .max_body_bytes = kMaxAnswerBytes, .stop = &stop});
  if (!answer) co_return tl::make_unexpected(std::move(answer).error().context(responder));
  if (answer->status != 200) co_return fail(Code::unavailable, fmt::format("{}: status {}", responder, answer->status));
  auto staple = question.check(answer->body, fetcher_.loop().wall());
  if (!staple) co_return tl::make_unexpected(std::move(staple).error().context(responder));
  co_return staple;
}

}  // namespace fl::app
