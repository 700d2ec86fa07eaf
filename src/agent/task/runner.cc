#include "agent/task/runner.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/crypto.h"
#include "base/log.h"

namespace fl::agent::task {
namespace {

constexpr Duration kStopAgain = 5s;     // after an engine could not stop a container
constexpr Duration kCleanAgain = 1min;  // likewise, remove

template <size_t N>
std::string random_hex() {
  std::array<uint8_t, N> bytes{};
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return hex(bytes);
}

}  // namespace

TaskRecord new_record(const ecs::agent::Task& task, size_t containers) {
  TaskRecord record;
  record.definition = task;
  record.name_suffix = random_hex<10>();
  for (size_t i = 0; i < containers; ++i) record.metadata_ids.push_back(random_hex<16>());
  record.containers.resize(containers);
  return record;
}

Runner::Runner(net::Loop& loop, engine::Engine& engine, TaskStore& store, const Surroundings& surroundings,
               const RunnerOptions& options, RunnerListener& listener, TaskSpec spec, TaskRecord record)
    : loop_(loop),
      engine_(engine),
      store_(store),
      surroundings_(surroundings),
      options_(options),
      listener_(listener),
      spec_(std::move(spec)),
      record_(std::move(record)),
      machine_(spec_),
      wake_(*this) {
  record_.containers.resize(spec_.containers.size());
  record_.metadata_ids.resize(spec_.containers.size());
  machine_.restore(std::move(record_.containers), record_.to_stop, record_.stop_reason);
  machine_.reported = record_.reported;
  machine_.pull_started_at = record_.pull_started_at;
  machine_.pull_stopped_at = record_.pull_stopped_at;
  machine_.execution_stopped_at = record_.execution_stopped_at;
}

Runner::~Runner() = default;

// ---- life

net::Task<Result<>> Runner::begin() {
  FL_CO_TRY_VOID(save());
  for (size_t i = 0; i < spec_.containers.size(); ++i) FL_CO_TRY_VOID(co_await look_again(i));
  step();
  co_return Result<>();
}

// What became of a container while no agent watched.
net::Task<Result<>> Runner::look_again(size_t i) {
  using Status = engine::ContainerState::Status;
  ContainerRecord& container = machine_.container(i);
  if (container.runtime_id.empty() || container.phase == Phase::stopped) co_return Result<>();
  const auto state = co_await engine_.inspect(container.runtime_id);
  if (!state && state.error().code != Code::not_found) co_return tl::make_unexpected(state.error());
  const bool ran = container.phase == Phase::running;
  if (!state) {
    if (ran) machine_.exited(i, {128 + 9, false, now(), "the container is gone from the engine"}, now());
    if (!ran) container.phase = Phase::pulled;
    co_return Result<>();
  }
  if (state->status == Status::created) {
    container.phase = Phase::created;
    co_return Result<>();
  }
  if (!ran) {
    container.phase = Phase::starting;
    machine_.start_ended(i, state->started, now());
  }
  if (state->status == Status::exited) machine_.exited(i, state->exit, now());
  if (container.phase == Phase::running && spec_.containers[i].health_check) container.next_check = now();
  co_return Result<>();
}

net::Task<> Runner::close() {
  is_closing_ = true;
  wake_.cancel();
  closing_.request_stop();
  co_await work_.join();
}

void Runner::stop(std::string reason) {
  machine_.stop(std::move(reason));
  step();
}

bool Runner::owns(const std::string& runtime_id) const {
  for (const ContainerRecord& container : machine_.containers())
    if (container.runtime_id == runtime_id) return true;
  return false;
}

bool Runner::on_exit(const std::string& runtime_id, const engine::Exit& exit) {
  for (size_t i = 0; i < machine_.containers().size(); ++i)
    if (machine_.containers()[i].runtime_id == runtime_id) {
      machine_.exited(i, exit, now());
      step();
      return true;
    }
  return false;
}

// ---- steps

void Runner::step() {
  if (is_closing_) return;
  step_again_ = true;
  if (is_stepping_) return;  // an action that ended at once: the loop below goes round again
  is_stepping_ = true;
  while (std::exchange(step_again_, false)) step_once();
  is_stepping_ = false;
}

void Runner::step_once() {
  const std::vector<Action> actions = machine_.take_actions(now());
  const std::string before = saved_;
  if (auto saved = save(); !saved)
    log::error("task {}: {}; after a crash it may be stopped as unknown", spec_.id, saved.error().message);
  for (const Action action : actions) work_.spawn(perform(action));
  arm_timer();
  if (saved_ != before) listener_.on_task_changed(*this);
  if (machine_.reported == TaskStatus::stopped && !std::exchange(is_cleaning_, true)) work_.spawn(clean_up());
}

Result<> Runner::save() {
  record_.containers = machine_.containers();
  record_.to_stop = machine_.is_to_stop();
  record_.stop_reason = machine_.stop_reason();
  record_.reported = machine_.reported;
  record_.pull_started_at = machine_.pull_started_at;
  record_.pull_stopped_at = machine_.pull_stopped_at;
  record_.execution_stopped_at = machine_.execution_stopped_at;
  std::string text = encode(record_);
  if (text == saved_) return {};
  saved_ = std::move(text);
  return store_.save(spec_.id, saved_);
}

void Runner::arm_timer() {
  const auto at = machine_.wake_at();
  if (!at)
    wake_.cancel();
  else
    loop_.timers().set(wake_, loop_.now() + std::max(*at - now(), Duration(0)));
}

void Runner::on_wake(net::Timer& timer) { static_cast<WakeTimer&>(timer).runner.step(); }

net::Task<> Runner::perform(Action action) {
  using Kind = Action::Kind;
  switch (action.kind) {
    case Kind::pull: co_await pull(action.container); break;
    case Kind::create: co_await create(action.container); break;
    case Kind::start: co_await start(action.container); break;
    case Kind::stop: co_await stop_container(action.container); break;
    case Kind::check: co_await check(action.container); break;
  }
  step();
}

net::Task<> Runner::pull(size_t i) {
  const auto pulled = co_await engine_.pull(spec_.containers[i].definition.image.value_or(""), options_.pull);
  if (!is_closing_) machine_.pull_ended(i, pulled, now());
}

net::Task<Result<>> Runner::make_volumes() {
  for (const Volume& volume : spec_.volumes) {
    if (volume.is_engine_volume) {
      if (!volume.is_to_be_made) continue;
      FL_CO_TRY_VOID(
          co_await engine_.make_volume({volume.source, volume.driver, volume.driver_options, volume.labels}));
    } else if (volume.is_task_scoped) {
      std::error_code error;
      std::filesystem::create_directories(volume.source, error);
      if (error)
        co_return fail(Code::unavailable,
                       fmt::format("volume {}: cannot make {}: {}", volume.name, volume.source, error.message()));
    }
  }
  co_return Result<>();
}

net::Task<> Runner::create(size_t i) {
  Result<std::string> id;
  auto made = co_await make_volumes();
  auto container = made ? make_container_spec(spec_, i, surroundings_, {record_.metadata_ids[i], record_.name_suffix})
                        : tl::make_unexpected(std::move(made).error());
  if (container)
    id = co_await engine_.create(std::move(*container));
  else
    id = tl::make_unexpected(std::move(container).error());
  if (!is_closing_) machine_.create_ended(i, id, now());
}

net::Task<> Runner::start(size_t i) {
  const auto started = co_await engine_.start(machine_.containers()[i].runtime_id);
  if (!is_closing_) machine_.start_ended(i, started, now());
}

net::Task<> Runner::stop_container(size_t i) {
  const auto stopped = co_await engine_.stop(machine_.containers()[i].runtime_id, spec_.containers[i].stop_timeout);
  if (stopped) co_return;  // its exit tells the rest
  log::warn("task {}: container {} could not be stopped, trying again: {}", spec_.id, spec_.containers[i].name,
            stopped.error().message);
  if (!co_await net::sleep_for(kStopAgain, closing_)) co_return;
  machine_.stop_failed(i);
}

net::Task<> Runner::check(size_t i) {
  const HealthCheck& how = *spec_.containers[i].health_check;
  const auto code = co_await engine_.exec(machine_.containers()[i].runtime_id, how.command, how.timeout);
  // What the agent's own end cut short says nothing of the container.
  if (!code && code.error().code == Code::canceled) co_return;
  if (!is_closing_) machine_.checked(i, code && *code == 0, now());
}

// ---- reporting

bool Runner::has_news() const {
  if (machine_.status() != machine_.reported) return true;
  // What happens before RUNNING is told with it.
  if (machine_.status() == TaskStatus::pending) return false;
  for (const ContainerRecord& container : machine_.containers())
    if (container.phase == Phase::stopped && !container.stopped_reported) return true;
  return false;
}

void Runner::mark_reported(const Told& told) {
  for (size_t i = 0; i < told.containers.size(); ++i) {
    ContainerRecord& container = machine_.container(i);
    container.running_reported = container.running_reported || told.containers[i].first;
    container.stopped_reported = container.stopped_reported || told.containers[i].second;
  }
  machine_.reported = std::max(machine_.reported, told.task);
  step();
}

// ---- the end

// -> false: the agent ends first
net::Task<bool> Runner::end_in_engine() {
  for (;;) {
    const auto ended = co_await engine_.end_task(spec_.id);
    if (ended) co_return true;
    log::warn("task {}: {}; trying again", spec_.id, ended.error().message);
    if (!co_await net::sleep_for(kCleanAgain, closing_)) co_return false;
  }
}

net::Task<> Runner::clean_up() {
  if (!co_await end_in_engine()) co_return;
  WallTime last{};
  for (const ContainerRecord& container : machine_.containers())
    last = std::max(last, container.finished_at.value_or(last));
  const Duration age = last == WallTime{} ? Duration(0) : std::max(now() - last, Duration(0));
  if (!co_await net::sleep_for(std::max(options_.cleanup_wait - age, Duration(0)), closing_)) co_return;
  for (const ContainerRecord& container : machine_.containers()) {
    while (!container.runtime_id.empty()) {
      const auto removed = co_await engine_.remove(container.runtime_id);
      if (removed || removed.error().code == Code::not_found) break;
      log::warn("task {}: {}; trying again", spec_.id, removed.error().message);
      if (!co_await net::sleep_for(kCleanAgain, closing_)) co_return;
    }
  }
  if (!co_await end_in_engine()) co_return;
  for (const Volume& volume : spec_.volumes) {
    if (!volume.is_task_scoped) continue;
    if (volume.is_engine_volume) {
      if (const auto removed = co_await engine_.remove_volume(volume.source); !removed)
        log::warn("task {}: volume {} stays: {}", spec_.id, volume.name, removed.error().message);
      continue;
    }
    std::error_code error;
    std::filesystem::remove_all(std::filesystem::path(volume.source).parent_path(), error);
  }
  store_.remove(spec_.id);
  listener_.on_task_gone(*this);
}

}  // namespace fl::agent::task
