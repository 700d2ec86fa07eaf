#include "proxy/detached_requests.h"

#include <optional>

#include "http/own_fields.h"
#include "proxy/request_checkpoint.h"

namespace fl::proxy {
namespace {

constexpr size_t kMostRequests = 4096;
constexpr uint64_t kMostBodyBytes = 64 << 20;

}  // namespace

class DetachedRequests::Request final : public http::Exchange {
 public:
  Request(const http::Exchange& original, const RequestCheckpoint& came, std::string_view body, size_t place)
      : index(place), client_(original.connection()) {
    connection_ = &client_;
    client_.negotiated = nullptr;  // which the client's connection may take with it
    request = came.head();
    for (std::string_view* text :
         {&request.method, &request.scheme, &request.authority, &request.path, &request.query, &request.upgrade})
      *text = arena.copy(*text);
    http::own_fields(request.headers, arena);
    request.expects_continue = false;
    if (request.framing != http::Framing::none) request.framing = http::Framing::length;
    request.content_length = body.size();
    if (!body.empty()) request_body = &body_.emplace(arena.copy(body));

    Transaction& of_client = Transaction::of(original);
    auto* const own =
        new (arena.allocate(sizeof(Transaction), alignof(Transaction))) Transaction(of_client.worker, of_client.pin);
    own->append_forwarded_for = came.append_forwarded_for();
    attachment = own;
  }
  // Its answer is gone.
  ~Request() { Transaction::of(*this).leave(); }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener* listener) override {
    listener_ = listener;
    if (listener != nullptr && is_cancelled_) cancel();
  }
  void cancel() {
    is_cancelled_ = true;
    if (response_body != nullptr) response_body->abandon();
    if (listener_ != nullptr) std::exchange(listener_, nullptr)->on_client_gone();
  }

  size_t index;  // in the list

 private:
  http::ConnectionInfo client_;
  std::optional<http::TextBody> body_;
  http::ClientGoneListener* listener_ = nullptr;
  bool is_cancelled_ = false;
};

DetachedRequests::DetachedRequests() = default;
DetachedRequests::~DetachedRequests() = default;

bool DetachedRequests::start(const http::Exchange& original, const RequestCheckpoint& came, std::string_view body,
                             const http::Handler& handler) {
  if (active_.size() >= kMostRequests || body_bytes_ + body.size() > kMostBodyBytes) return false;
  Request& request = *active_.emplace_back(std::make_unique<Request>(original, came, body, active_.size()));
  body_bytes_ += body.size();
  tasks_.spawn(run(request, handler));
  return true;
}

net::Task<> DetachedRequests::run(Request& request, const http::Handler& handler) {
  const uint64_t body_bytes = request.request.content_length;
  co_await handler.handle(request);
  // Read to its end, its connection can carry another request.
  while (request.response_body != nullptr) {
    const http::BodyChunk chunk = co_await request.response_body->read();
    if (chunk.last || chunk.error != http::BodyError::none) break;
    if (net::Loop::current().budget() <= 0) co_await net::yield();
  }
  co_await request.drop_answer();
  body_bytes_ -= body_bytes;
  active_.back()->index = request.index;
  std::swap(active_[request.index], active_.back());
  active_.pop_back();
}

void DetachedRequests::cancel() {
  for (size_t i = active_.size(); i-- > 0;) active_[i]->cancel();
}

}  // namespace fl::proxy
