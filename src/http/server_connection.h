// A client's connection as the server keeps it, whatever version is spoken on it. Worker thread; owns itself from
// run() to its end, when it leaves the server and deletes itself.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace fl::http {

class Server;

// A request may be on its way: an idle connection is ended only after it stayed idle a moment longer.
inline constexpr Duration kDrainIdle = 1s;

class ServerConnection {
 public:
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  virtual void run() = 0;    // once
  virtual void drain() = 0;  // ends it when idle; running exchanges finish
  virtual void close() = 0;  // ends it now

 protected:
  ServerConnection() = default;
  virtual ~ServerConnection() = default;

 private:
  friend class Server;
  size_t index_ = 0;  // in the server's list
};

}  // namespace fl::http
