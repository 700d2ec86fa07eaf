// The newest session with one server under one context, to be resumed by the next connection: that saves both sides the
// certificates. Belongs to one loop; shared with the connections that renew it.
#pragma once

#include <memory>

struct ssl_session_st;

namespace fl::tls {

class ClientSession {
 public:
  ClientSession() = default;
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // Null when there is none yet.
  ssl_session_st* get() const { return session_; }
  // Takes the reference over.
  void keep(ssl_session_st* session);

 private:
  ssl_session_st* session_ = nullptr;
};

}  // namespace fl::tls
