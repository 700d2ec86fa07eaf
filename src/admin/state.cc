#include "admin/state.h"

#include <utility>

namespace fl::admin {

State::State(Facts facts) : facts_(std::move(facts)) {
  auto report = std::make_shared<proxy::RuntimeReport>();
  report->configuration = std::make_shared<const config::dynamic::Configuration>();
  report_ = std::move(report);
}

void State::publish(std::shared_ptr<const proxy::RuntimeReport> report) {
  const std::lock_guard lock(mutex_);
  report_.swap(report);  // the parameter, now the old one, is freed after the lock
}

std::shared_ptr<const proxy::RuntimeReport> State::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void State::set_sources(std::vector<SourceStatus> sources) {
  const std::lock_guard lock(mutex_);
  sources_.swap(sources);
}

std::vector<SourceStatus> State::sources() const {
  const std::lock_guard lock(mutex_);
  return sources_;
}

}  // namespace fl::admin
