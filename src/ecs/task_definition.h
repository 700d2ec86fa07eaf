// The rules of task definitions: what RegisterTaskDefinition refuses, what it fills in, and what follows from a
// definition. Pure; any thread. Source: ECS API reference, RegisterTaskDefinition; the texts are AWS's where known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::ecs {

// The definition that a request asks for, with every default and all that is derived (requiresAttributes,
// compatibilities); without ARN, revision, status and registration. Errors: invalid, with the text of AWS's
// ClientException. `strict`: refuse also what Amazon ECS refuses and we could do. Not looked at: tags, and whether
// placement constraints can be read.
Result<TaskDefinition> make_task_definition(RegisterTaskDefinitionRequest request, bool strict);

// The first rule that a definition with all its defaults breaks.
Result<> check_task_definition(const TaskDefinition& definition, bool strict);
// The rules of Fargate alone.
Result<> check_fargate(const TaskDefinition& definition);

// What definitions and the overrides of RunTask have in common. Errors as above.
// Brings the task's own sizes into the form that definitions have.
Result<> take_task_sizes(TaskOverride& overrides);
Result<> check_container_sizes(std::string_view name, std::optional<int32_t> cpu, std::optional<int32_t> memory,
                               std::optional<int32_t> memory_reservation);

// Attributes that an instance must have to run it: ecs.capability.task-eni, ...
std::vector<Attribute> required_attributes(const TaskDefinition& definition);
// Launch types that can run it.
std::vector<std::string> compatibilities(const TaskDefinition& definition);

// Task-level sizes: "1024", "1 vCPU", ".5 vcpu" -> CPU units; "2048", "2 GB" -> MiB. nullopt: anything else.
std::optional<int64_t> parse_cpu_units(std::string_view text);
std::optional<int64_t> parse_memory_mib(std::string_view text);

bool is_family_name(std::string_view text);  // 1..255 letters, digits, hyphens and underscores; containers too

}  // namespace fl::ecs
