#include "control/api/actions/tags.h"

#include <fmt/format.h>

#include "control/api/actions/tag_rules.h"
#include "control/api/names.h"
#include "control/state/transaction.h"
#include "ecs/arn.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

// Where a record keeps its tags.
std::optional<std::vector<ecs::Tag>>& tags_of(auto& record) { return record.shape.tags; }
std::vector<ecs::Tag>& tags_of(state::TaskDefinition& record) { return record.tags; }
const std::vector<ecs::Tag>& list_tags(const auto& record) { return ecs::items(record.shape.tags); }
const std::vector<ecs::Tag>& list_tags(const state::TaskDefinition& record) { return record.tags; }

Answer<> not_found(std::string_view arn) {
  return refuse("ResourceNotFoundException", fmt::format("The specified resource is not found: {}.", arn));
}

Answer<> found_or(const auto* record, std::string_view arn, auto use) {
  if (record == nullptr) return not_found(arn);
  return use(*record);
}

// Calls `use` with the record that an ARN names. Errors: InvalidParameterException, ResourceNotFoundException, and
// what `use` gives.
template <class Use>
Answer<> with_resource(const state::Scope& scope, const state::Partition& state, const std::string& text, Use use) {
  const auto arn = ecs::parse_arn(text);
  if (!arn || arn->service != "ecs") return invalid_parameter("Invalid ARN.");
  const std::string_view type = arn->resource_type(), cluster = arn->cluster();
  const auto name = name_in_scope(scope, type, text);
  if (!name) return not_found(text);
  if (type == "cluster") return found_or(state.clusters().find({*name}), text, use);
  if (type == "service") return found_or(find_service(scope, state, cluster, text), text, use);
  if (type == "task") return found_or(find_task(scope, state, cluster, text), text, use);
  if (type == "container-instance") return found_or(find_instance(scope, state, cluster, text), text, use);
  if (type == "task-definition") return found_or(find_task_definition(scope, state, text), text, use);
  if (type == "capacity-provider") return found_or(state.capacity_providers().find({*name}), text, use);
  return invalid_parameter(fmt::format("Resources of type {} have no tags.", type));
}

}  // namespace

Answer<ecs::TagResourceResponse> tag_resource(const WriteCall& call, const ecs::TagResourceRequest& request) {
  state::Transaction& transaction = call.transaction;
  FL_TRY_VOID(
      with_resource(transaction.scope(), transaction.state(), *request.resource_arn, [&](auto record) -> Answer<> {
        FL_TRY(tags_of(record), merge_tags(list_tags(record), ecs::items(request.tags)));
        transaction.put(std::move(record));
        return {};
      }));
  return ecs::TagResourceResponse{};
}

Answer<ecs::UntagResourceResponse> untag_resource(const WriteCall& call, const ecs::UntagResourceRequest& request) {
  state::Transaction& transaction = call.transaction;
  FL_TRY_VOID(
      with_resource(transaction.scope(), transaction.state(), *request.resource_arn, [&](auto record) -> Answer<> {
        tags_of(record) = without_tags(list_tags(record), ecs::items(request.tag_keys));
        transaction.put(std::move(record));
        return {};
      }));
  return ecs::UntagResourceResponse{};
}

Answer<ecs::ListTagsForResourceResponse> list_tags_for_resource(const ReadCall& call,
                                                                const ecs::ListTagsForResourceRequest& request) {
  ecs::ListTagsForResourceResponse response;
  FL_TRY_VOID(with_resource(call.scope, call.state, *request.resource_arn, [&](const auto& record) -> Answer<> {
    response.tags = list_tags(record);
    return {};
  }));
  return response;
}

}  // namespace fl::control::api
