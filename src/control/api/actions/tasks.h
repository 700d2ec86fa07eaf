// RunTask, StartTask, StopTask, DescribeTasks, ListTasks. See ../action.h.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

Answer<ecs::RunTaskResponse> run_task(const WriteCall& call, const ecs::RunTaskRequest& request);
Answer<ecs::StartTaskResponse> start_task(const WriteCall& call, const ecs::StartTaskRequest& request);
Answer<ecs::StopTaskResponse> stop_task(const WriteCall& call, const ecs::StopTaskRequest& request);
Answer<ecs::DescribeTasksResponse> describe_tasks(const ReadCall& call, const ecs::DescribeTasksRequest& request);
Answer<ecs::ListTasksResponse> list_tasks(const ReadCall& call, const ecs::ListTasksRequest& request);

}  // namespace fl::control::api
