#include "control/api/actions/task_definitions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/api/actions/tag_rules.h"
#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/schedule/query.h"
#include "control/state/transaction.h"
#include "ecs/generated/ecs_operations.h"
#include "ecs/shape.h"
#include "ecs/task_definition.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxBytes = 64 << 10;  // of a definition
constexpr size_t kMaxDeleted = 10;
constexpr Duration kDeletedVisible = 1h;

// `family:revision` or an ARN. Errors: ClientException.
Answer<const state::TaskDefinition*> find_revision(const state::Transaction& transaction, const std::string& given) {
  const auto name = name_in_scope(transaction.scope(), "task-definition", given);
  if (name && name->rfind(':') == name->npos) return client_exception("Invalid revision number. Number:");
  const auto* found = find_task_definition(transaction.scope(), transaction.state(), given);
  if (found == nullptr) return client_exception("The specified task definition does not exist.");
  return found;
}

bool is_used(const state::Partition& state, const state::TaskDefinition& definition) {
  const auto& arn = definition.shape.task_definition_arn;
  for (const auto& service : state.services().all()) {
    if (service->shape.status == "INACTIVE") continue;
    if (service->shape.task_definition == arn) return true;
    for (const auto& deployment : service->deployments)
      if (deployment.shape.task_definition == arn) return true;
  }
  for (const auto& task : state.tasks().all())
    if (task->shape.task_definition_arn == arn && task->shape.last_status != "STOPPED") return true;
  return false;
}

// Whether the family has an ACTIVE revision.
bool is_active(const state::Partition& state, std::string_view family) {
  for (const auto& definition : state.task_definitions().all().range(std::tuple(family)))
    if (definition->shape.status == "ACTIVE") return true;
  return false;
}

// Revisions of the family whose deletion was asked for a while ago and that nothing uses any more.
void forget_deleted(state::Transaction& transaction, std::string_view family) {
  std::vector<state::TaskDefinition> gone;
  for (const auto& definition :
       transaction.state().task_definitions().by<state::ByDeletion>().range(std::tuple(family)))
    if (definition->shape.delete_requested_at.value_or(transaction.now()) + kDeletedVisible < transaction.now() &&
        !is_used(transaction.state(), *definition))
      gone.push_back(*definition);
  for (const state::TaskDefinition& definition : gone) transaction.erase(definition);
}

std::string page_key(const state::TaskDefinition& definition) {
  return fmt::format("{}:{}", definition.family, definition.revision);
}

}  // namespace

Answer<ecs::RegisterTaskDefinitionResponse> register_task_definition(
    const WriteCall& call, const ecs::RegisterTaskDefinitionRequest& request) {
  state::Transaction& transaction = call.transaction;
  const size_t bytes = json::to_text(encode(request)).size();
  if (bytes > kMaxBytes)
    return client_exception(fmt::format("Actual length: '{}'. Max allowed length is '{}' bytes.", bytes, kMaxBytes));
  auto made = ecs::make_task_definition(request, call.settings.strict);
  if (!made) return client_exception(std::move(made).error().message);
  for (const auto& constraint : ecs::items(made->placement_constraints))
    if (const auto query = schedule::Query::parse(ecs::text(constraint.expression)); !query)
      return client_exception(query.error().message);
  FL_TRY(auto tags, new_tags(request.tags));

  state::TaskDefinitionFamily family{.name = *made->family};
  if (const auto* there = transaction.state().families().find({family.name})) family = *there;
  ++family.last_revision;
  state::TaskDefinition definition{
      .family = family.name, .revision = family.last_revision, .shape = *std::move(made), .tags = std::move(tags)};
  definition.shape.task_definition_arn =
      task_definition_arn(transaction.scope(), definition.family, definition.revision);
  definition.shape.revision = definition.revision;
  definition.shape.status = "ACTIVE";
  definition.shape.registered_at = transaction.now();
  definition.shape.registered_by = call.caller.arn;
  ecs::RegisterTaskDefinitionResponse response{.task_definition = definition.shape, .tags = definition.tags};
  forget_deleted(transaction, family.name);
  transaction.put(std::move(family));
  transaction.put(std::move(definition));
  return response;
}

Answer<ecs::DescribeTaskDefinitionResponse> describe_task_definition(
    const ReadCall& call, const ecs::DescribeTaskDefinitionRequest& request) {
  const auto* found = find_task_definition(call.scope, call.state, *request.task_definition);
  if (found == nullptr) return client_exception("Unable to describe task definition.");
  ecs::DescribeTaskDefinitionResponse response{.task_definition = found->shape};
  const auto& include = ecs::items(request.include);
  if (std::ranges::find(include, "TAGS") != include.end()) response.tags = found->tags;
  return response;
}

Answer<ecs::DeregisterTaskDefinitionResponse> deregister_task_definition(
    const WriteCall& call, const ecs::DeregisterTaskDefinitionRequest& request) {
  FL_TRY(const state::TaskDefinition* found, find_revision(call.transaction, *request.task_definition));
  state::TaskDefinition definition = *found;
  if (definition.shape.status == "ACTIVE") {
    definition.shape.status = "INACTIVE";
    definition.shape.deregistered_at = call.transaction.now();
    call.transaction.put(definition);
  }
  return ecs::DeregisterTaskDefinitionResponse{.task_definition = std::move(definition.shape)};
}

Answer<ecs::DeleteTaskDefinitionsResponse> delete_task_definitions(const WriteCall& call,
                                                                   const ecs::DeleteTaskDefinitionsRequest& request) {
  state::Transaction& transaction = call.transaction;
  const auto& names = ecs::items(request.task_definitions);
  if (names.empty()) return invalid_parameter("TaskDefinitions cannot be empty.");
  if (names.size() > kMaxDeleted)
    return invalid_parameter(fmt::format("TaskDefinitions cannot have more than {} elements.", kMaxDeleted));
  ecs::DeleteTaskDefinitionsResponse response{.task_definitions = std::vector<ecs::TaskDefinition>(),
                                              .failures = std::vector<ecs::Failure>()};
  for (const std::string& name : names) {
    const auto found = find_revision(transaction, name);
    if (!found) {
      response.failures->push_back({.arn = name, .reason = found.error().message});
      continue;
    }
    state::TaskDefinition definition = **found;
    if (definition.shape.status == "ACTIVE") {
      response.failures->push_back({.arn = definition.shape.task_definition_arn,
                                    .reason = "The specified task definition is still in ACTIVE status. Please "
                                              "deregister the target and try again."});
      continue;
    }
    if (definition.shape.status == "INACTIVE") {
      definition.shape.status = "DELETE_IN_PROGRESS";
      definition.shape.delete_requested_at = transaction.now();
      transaction.put(definition);
    }
    forget_deleted(transaction, definition.family);
    response.task_definitions->push_back(std::move(definition.shape));
  }
  return response;
}

Answer<ecs::ListTaskDefinitionsResponse> list_task_definitions(const ReadCall& call,
                                                               const ecs::ListTaskDefinitionsRequest& request) {
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 100, 100));
  const std::string_view status = request.status ? *request.status : std::string_view("ACTIVE");
  std::vector<const state::TaskDefinition*> found;
  const auto collect = [&](const auto& range) {
    for (const auto& definition : range)
      if (definition->shape.status == status) found.push_back(definition.get());
  };
  const auto& all = call.state.task_definitions().all();
  if (request.family_prefix)  // a whole name, in spite of its own
    collect(all.range(std::tuple(std::string_view(*request.family_prefix))));
  else
    collect(all);
  if (request.sort == "DESC") std::ranges::reverse(found);
  auto from = found.begin();
  if (!page.after.empty()) {
    from = std::ranges::find(found, page.after, [](const auto* d) { return page_key(*d); });
    if (from == found.end()) return invalid_parameter("Invalid token.");
    ++from;
  }
  ecs::ListTaskDefinitionsResponse response{.task_definition_arns = std::vector<std::string>()};
  for (; from != found.end(); ++from) {
    if (response.task_definition_arns->size() == page.size) {
      response.next_token = next_token_after(page_key(**std::prev(from)));
      break;
    }
    response.task_definition_arns->push_back(*(*from)->shape.task_definition_arn);
  }
  return response;
}

Answer<ecs::ListTaskDefinitionFamiliesResponse> list_task_definition_families(
    const ReadCall& call, const ecs::ListTaskDefinitionFamiliesRequest& request) {
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 100, 100));
  const std::string_view prefix = ecs::text(request.family_prefix);
  const std::string_view wanted = request.status ? *request.status : std::string_view("ALL");
  ecs::ListTaskDefinitionFamiliesResponse response{.families = std::vector<std::string>()};
  const auto after = std::tuple(std::string_view(page.after));
  for (const auto& family : call.state.families().all().range_after(std::tuple<>(), after)) {
    if (!family->name.starts_with(prefix)) continue;
    if (wanted != "ALL" && is_active(call.state, family->name) != (wanted == "ACTIVE")) continue;
    if (response.families->size() == page.size) {
      response.next_token = next_token_after(response.families->back());
      break;
    }
    response.families->push_back(family->name);
  }
  return response;
}

}  // namespace fl::control::api
