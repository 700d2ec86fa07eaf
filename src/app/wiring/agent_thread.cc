#include "app/wiring/agent_thread.h"

#include "app/wiring/agent.h"
#include "base/log.h"

namespace fl::app {

AgentThread::AgentThread(config::statics::Agent options, config::Map<std::string> environment)
    : options_(std::move(options)), environment_(std::move(environment)), thread_([this] { run(); }) {}

AgentThread::~AgentThread() {
  if (thread_.joinable()) (void)stop();
}

void AgentThread::run() {
  loop_.make_current();
  const auto work = [this]() -> net::Task<> {
    ended_ = co_await run_agent(loop_, options_, environment_, stop_);
    if (!*ended_) log::error("agent: {}", ended_->error().message);
    loop_.stop();
  };
  net::spawn(work());
  if (!ended_) loop_.run();
}

Result<> AgentThread::stop() {
  loop_.post([this] { stop_.request_stop(); });
  thread_.join();
  return *std::move(ended_);
}

}  // namespace fl::app
