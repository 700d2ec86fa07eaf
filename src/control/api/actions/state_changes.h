// What agents report: SubmitTaskStateChange, SubmitContainerStateChange, SubmitAttachmentStateChanges. See ../action.h.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

Answer<ecs::SubmitTaskStateChangeResponse> submit_task_state_change(const WriteCall& call,
                                                                    const ecs::SubmitTaskStateChangeRequest& request);
Answer<ecs::SubmitContainerStateChangeResponse> submit_container_state_change(
    const WriteCall& call, const ecs::SubmitContainerStateChangeRequest& request);
Answer<ecs::SubmitAttachmentStateChangesResponse> submit_attachment_state_changes(
    const WriteCall& call, const ecs::SubmitAttachmentStateChangesRequest& request);

}  // namespace fl::control::api
