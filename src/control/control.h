// The control plane as a whole: the API on a thread of its own, and the control thread with the state. Made, reloaded
// and ended by main.
//
//   API thread: HTTP server -> Front --- reads: the newest view
//                                \------ writes: Writer, on the control thread -> Store (disk)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/issue.h"
#include "config/static/control.h"

namespace fl::control {

// Mistakes that the option table cannot see: --auth=any where others than this machine could come in, account ids that
// are none, ...
std::vector<config::Issue> check_options(const config::statics::Control& options);

class ControlPlane {
 public:
  // Serves when it returns. `options` without mistakes. Errors: the address is taken, the state cannot be opened or
  // read, the keys file is wrong.
  static Result<std::unique_ptr<ControlPlane>> start(const config::statics::Control& options);
  // As stop(), without patience.
  ~ControlPlane();

  const std::string& endpoint() const;  // http://127.0.0.1:4566
  // Reads the keys file again; the old keys stay when it is wrong.
  Result<> reload_keys();
  // No new connections; requests that run have a few seconds to end. What was answered is durable.
  void stop();

 private:
  class Running;
  explicit ControlPlane(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace fl::control
