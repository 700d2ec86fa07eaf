#include "control/api/actions/state_changes.h"

#include "control/api/names.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"

namespace fl::control::api {
namespace {

constexpr std::string_view kAccepted = "ACCEPT";

// An agent drops what is answered with InvalidParameterException and repeats everything else.
template <class Request>
Answer<state::Task> find_reported(const WriteCall& call, const Request& request) {
  const state::Transaction& tx = call.transaction;
  const auto cluster = find_cluster(tx.scope(), tx.state(), request.cluster);
  const state::Task* found =
      cluster ? find_task(tx.scope(), tx.state(), (*cluster)->name, request.task.value_or("")) : nullptr;
  if (found == nullptr) return invalid_parameter("The referenced task was not found.");
  return *found;
}

// A report that comes again (the first answer was lost) changes nothing.
void put_changed(state::Transaction& tx, state::Task task) {
  const state::Task* before = tx.state().tasks().find({task.cluster, task.id});
  const auto version = task.shape.version;
  task.shape.version = before->shape.version;
  if (task == *before) return;
  task.shape.version = version;
  tx.put(std::move(task));
}

}  // namespace

Answer<ecs::SubmitTaskStateChangeResponse> submit_task_state_change(const WriteCall& call,
                                                                    const ecs::SubmitTaskStateChangeRequest& request) {
  if (!request.task)
    return ecs::SubmitTaskStateChangeResponse{.acknowledgment = std::string(kAccepted)};  // attachments
  FL_TRY(state::Task task, find_reported(call, request));
  tasks::apply_report(task, request, call.transaction.now());
  put_changed(call.transaction, std::move(task));
  return ecs::SubmitTaskStateChangeResponse{.acknowledgment = std::string(kAccepted)};
}

Answer<ecs::SubmitContainerStateChangeResponse> submit_container_state_change(
    const WriteCall& call, const ecs::SubmitContainerStateChangeRequest& request) {
  FL_TRY(state::Task task, find_reported(call, request));
  if (!tasks::is_stopped(task)) {
    tasks::apply_container_report(task, {.container_name = request.container_name,
                                         .runtime_id = request.runtime_id,
                                         .exit_code = request.exit_code,
                                         .network_bindings = request.network_bindings,
                                         .reason = request.reason,
                                         .status = request.status});
    task.shape.version = task.shape.version.value_or(0) + 1;
    put_changed(call.transaction, std::move(task));
  }
  return ecs::SubmitContainerStateChangeResponse{.acknowledgment = std::string(kAccepted)};
}

Answer<ecs::SubmitAttachmentStateChangesResponse> submit_attachment_state_changes(
    const WriteCall&, const ecs::SubmitAttachmentStateChangesRequest&) {
  // Attachments are made here when their task reports its addresses, so that there is nothing to wait for.
  return ecs::SubmitAttachmentStateChangesResponse{.acknowledgment = std::string(kAccepted)};
}

}  // namespace fl::control::api
