#include "control/api/front.h"

#include "base/log.h"
#include "control/api/machine_identity.h"
#include "http/whole_body.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxBody = 1 << 20;

AwsError unavailable(const Error& error) {
  log::error("control: {}", error.message);
  return {"ServerException", "Service Unavailable. Please try again later.", 503};
}

}  // namespace

AwsError detail::undecodable(const Error& error) { return {"SerializationException", error.message}; }

const Action* Service::find(std::string_view action) const {
  for (const Action& candidate : actions)
    if (candidate.name == action) return &candidate;
  return nullptr;
}

Front::Front(state::Writer& writer, auth::Authenticator authenticator, ServerSettings settings, const Clock& clock)
    : writer_(writer), settings_(std::move(settings)), clock_(clock), authenticator_(std::move(authenticator)) {}

net::Task<> Front::handle(http::Exchange& exchange) const {
  for (const auto& [path, handler] : paths_)
    if (exchange.request.path == path || (path.ends_with('/') && exchange.request.path.starts_with(path)))
      co_return co_await handler->handle(exchange);

  const std::string request_id = request_ids_.uuid();
  http::WholeBody body = co_await http::read_whole_body(exchange, kMaxBody);
  if (body.error == http::BodyError::too_large) {
    exchange.close_connection = true;
    const AwsError too_large{"RequestEntityTooLargeException", "A request has at most 1 MiB.", 413};
    co_return send(exchange, write_error(nullptr, too_large, request_id), request_id);
  }
  if (body.error != http::BodyError::none) {
    exchange.drop_connection = true;
    co_return;
  }
  Written written = co_await answer(exchange, std::move(body.text), request_id);
  send(exchange, std::move(written), request_id);
}

net::Task<Written> Front::answer(http::Exchange& exchange, std::string body, std::string request_id) const {
  const http::RequestHead& head = exchange.request;
  const auth::ReceivedRequest request{head.method, head.path, head.query, &head.headers, body};
  const auto claim = auth::read_claim(request);
  const Wanted wanted = identify(request, claim ? std::string_view(claim->service) : std::string_view());

  Sender sender;
  // What is not served needs no signature to be refused.
  if (wanted.service != nullptr && !wanted.service->actions.empty()) {
    auto identified = identify_sender(request, wanted);
    if (!identified) co_return write_error(wanted.service, std::move(identified).error(), request_id);
    sender = *std::move(identified);
  }
  const auto action = find_action(wanted);
  if (!action) co_return write_error(wanted.service, action.error(), request_id);
  auto value = read_body(wanted, **action, body);
  if (!value) co_return write_error(wanted.service, std::move(value).error(), request_id);

  auto answer = co_await run(**action, std::move(sender.caller), std::move(sender.region), *std::move(value),
                             std::string(exchange.connection().peer_ip_text()));
  if (!answer) co_return write_error(wanted.service, answer.error(), request_id);
  co_return write_answer(*wanted.service, **action, *std::move(answer), request_id);
}

Answer<Front::Sender> Front::identify_sender(const auth::ReceivedRequest& request, const Wanted& wanted) const {
  const Service& service = *wanted.service;
  const Action* action = service.find(wanted.action);
  const auto view = writer_.view();
  if (action != nullptr && action->proof == Proof::activation) {
    FL_TRY(const state::Scope scope, scope_of_activation(*view, request.body));
    return Sender{{.account = scope.account, .access_key = {}, .arn = {}, .user_id = {}}, scope.region};
  }
  if (action != nullptr && action->proof == Proof::machine_key) {
    auto machine = identify_machine(*view, request, service.model->signing_name, clock_.wall());
    if (!machine) return tl::make_unexpected(auth_error(service, machine.error()));
    return Sender{{.account = machine->account, .access_key = machine->id, .arn = {}, .user_id = machine->id},
                  machine->region};
  }
  auto identity = authenticate(request, service.model->signing_name);
  if (!identity) return tl::make_unexpected(auth_error(service, identity.error()));
  auth::AccessKey& key = identity->key;
  return Sender{{std::move(key.account), std::move(key.id), std::move(key.arn), std::move(key.user_id)},
                std::move(identity->region)};
}

tl::expected<auth::Identity, auth::AuthError> Front::authenticate(const auth::ReceivedRequest& request,
                                                                  std::string_view service) const {
  FL_TRY(auth::Identity identity, authenticator_.authenticate(request, service, clock_.wall()));
  FL_TRY_VOID(check_machine(*writer_.view(), identity));
  return identity;
}

net::Task<Answer<Encoded>> Front::run(const Action& action, Caller caller, std::string region, json::Value body,
                                      std::string source_ip) const {
  state::Scope scope{caller.account, std::move(region)};
  if (action.read != nullptr) {
    const auto view = writer_.view();
    co_return action.read({scope, view->in(scope), caller, settings_, clock_.wall()}, body);
  }
  // What the command uses is its own, but for the settings, which outlive it.
  auto command = [&action, &settings = settings_, caller = std::move(caller), body = std::move(body),
                  source_ip = std::move(source_ip)](state::Transaction& transaction) {
    return action.write({transaction, caller, settings, source_ip}, body);
  };
  auto answer = co_await writer_.write(std::move(scope), std::move(command));
  if (!answer) co_return tl::make_unexpected(unavailable(answer.error()));
  co_return *std::move(answer);
}

void Front::send(http::Exchange& exchange, Written written, std::string_view request_id) const {
  const std::string_view type = exchange.arena.copy(written.error_type);
  log::debug("control: {} {} {}{}{}", exchange.request.method, written.status, request_id, type.empty() ? "" : " ",
             type);
  exchange.respond_owned(written.status, std::move(written.body), written.content_type);
  exchange.response.headers.append("x-amzn-RequestId", exchange.arena.copy(request_id));
  if (!type.empty()) exchange.response.headers.append("x-amzn-ErrorType", type);
}

}  // namespace fl::control::api
