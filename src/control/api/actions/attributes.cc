#include "control/api/actions/attributes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxPerCall = 10, kMaxPerInstance = 500, kMaxLength = 128;

bool is_reserved(std::string_view name) { return name.starts_with("ecs.") || name.starts_with("com.amazonaws.ecs."); }

// Source: Attribute: names of letters, digits and -_./ , values also with :@ blanks and \, both up to 128.
Answer<> check(const ecs::Attribute& attribute) {
  const std::string_view name = ecs::text(attribute.name), value = ecs::text(attribute.value);
  const auto is_name = [](char c) {
    return is_alnum(c) || std::string_view("-_./\\").find(c) != std::string_view::npos;
  };
  const auto is_value = [&](char c) { return is_name(c) || c == ':' || c == '@' || c == ' '; };
  if (name.empty() || name.size() > kMaxLength || !std::ranges::all_of(name, is_name))
    return invalid_parameter(
        fmt::format("Invalid attribute name '{}': 1 to 128 letters, numbers, hyphens, underscores, "
                    "slashes, back slashes and periods are allowed.",
                    name));
  if (value.size() > kMaxLength || !std::ranges::all_of(value, is_value) || trim(value, " ").size() != value.size())
    return invalid_parameter(
        fmt::format("Invalid attribute value '{}': up to 128 letters, numbers, hyphens, "
                    "underscores, periods, at signs, slashes, back slashes, colons and spaces are "
                    "allowed, no space at an end.",
                    value));
  if (is_reserved(name))
    return invalid_parameter(fmt::format("The attribute {} is set by Amazon ECS and cannot be changed.", name));
  return {};
}

// The instance an attribute is for; it may have been changed by an earlier one of the same call.
Answer<state::ContainerInstance> find_target(const state::Transaction& transaction, const state::Cluster& cluster,
                                             const ecs::Attribute& attribute) {
  if (!attribute.target_id) return invalid_parameter("Attribute targetId cannot be empty.");
  const state::ContainerInstance* found =
      find_instance(transaction.scope(), transaction.state(), cluster.name, *attribute.target_id);
  if (found == nullptr || found->shape.status == "INACTIVE")
    return refuse("TargetNotFoundException",
                  fmt::format("The specified target {} was not found.", *attribute.target_id));
  return *found;
}

ecs::Attribute answer(const ecs::Attribute& attribute, const state::ContainerInstance& target) {
  ecs::Attribute out = attribute;
  out.target_type.reset();
  out.target_id = target.shape.container_instance_arn;
  return out;
}

Answer<const state::Cluster*> check_call(const state::Transaction& transaction,
                                         const std::optional<std::string>& cluster,
                                         const std::vector<ecs::Attribute>& attributes) {
  if (attributes.empty()) return invalid_parameter("Attributes cannot be empty.");
  if (attributes.size() > kMaxPerCall)
    return invalid_parameter(fmt::format("Attributes cannot have more than {} elements.", kMaxPerCall));
  for (const ecs::Attribute& attribute : attributes) FL_TRY_VOID(check(attribute));
  return find_cluster(transaction.scope(), transaction.state(), cluster);
}

}  // namespace

Answer<ecs::PutAttributesResponse> put_attributes(const WriteCall& call, const ecs::PutAttributesRequest& request) {
  state::Transaction& transaction = call.transaction;
  FL_TRY(const state::Cluster* cluster, check_call(transaction, request.cluster, ecs::items(request.attributes)));
  ecs::PutAttributesResponse response{.attributes = std::vector<ecs::Attribute>()};
  for (const ecs::Attribute& attribute : ecs::items(request.attributes)) {
    FL_TRY(state::ContainerInstance target, find_target(transaction, *cluster, attribute));
    auto& list = target.shape.attributes ? *target.shape.attributes : target.shape.attributes.emplace();
    const auto same = std::ranges::find(list, attribute.name, &ecs::Attribute::name);
    if (same != list.end()) {
      same->value = attribute.value;
    } else if (std::ranges::count_if(list, [](const auto& a) { return !is_reserved(ecs::text(a.name)); }) >=
               static_cast<ptrdiff_t>(kMaxPerInstance)) {
      return refuse("AttributeLimitExceededException",
                    fmt::format("A container instance has at most {} custom attributes.", kMaxPerInstance));
    } else {
      list.push_back({.name = attribute.name, .value = attribute.value});
    }
    response.attributes->push_back(answer(attribute, target));
    transaction.put(std::move(target));
  }
  return response;
}

Answer<ecs::DeleteAttributesResponse> delete_attributes(const WriteCall& call,
                                                        const ecs::DeleteAttributesRequest& request) {
  state::Transaction& transaction = call.transaction;
  FL_TRY(const state::Cluster* cluster, check_call(transaction, request.cluster, ecs::items(request.attributes)));
  ecs::DeleteAttributesResponse response{.attributes = std::vector<ecs::Attribute>()};
  for (const ecs::Attribute& attribute : ecs::items(request.attributes)) {
    FL_TRY(state::ContainerInstance target, find_target(transaction, *cluster, attribute));
    auto& list = target.shape.attributes ? *target.shape.attributes : target.shape.attributes.emplace();
    const auto gone = std::erase_if(list, [&attribute](const ecs::Attribute& a) {
      return a.name == attribute.name && (!attribute.value || a.value == attribute.value);
    });
    if (gone == 0) continue;
    response.attributes->push_back(answer(attribute, target));
    transaction.put(std::move(target));
  }
  return response;
}

Answer<ecs::ListAttributesResponse> list_attributes(const ReadCall& call, const ecs::ListAttributesRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (request.attribute_value && !request.attribute_name)
    return invalid_parameter("To filter by value, specify the attribute's name as well.");
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 100, 100));
  // A page begins behind an instance and one of its attributes: "id/name".
  const size_t slash = page.after.find('/');
  const std::string_view after_instance = std::string_view(page.after).substr(0, slash);
  const std::string_view after_name = slash == page.after.npos ? "" : std::string_view(page.after).substr(slash + 1);
  ecs::ListAttributesResponse response{.attributes = std::vector<ecs::Attribute>()};
  std::string last;
  for (const auto& instance : call.state.instances().all().range(std::tuple(std::string_view(cluster->name)))) {
    if (instance->id < after_instance || instance->shape.status == "INACTIVE") continue;
    std::vector<ecs::Attribute> sorted = ecs::items(instance->shape.attributes);
    std::ranges::sort(sorted, {}, &ecs::Attribute::name);
    for (const ecs::Attribute& attribute : sorted) {
      const std::string_view name = ecs::text(attribute.name);
      if (instance->id == after_instance && name <= after_name) continue;
      if (request.attribute_name && *request.attribute_name != name) continue;
      if (request.attribute_value && *request.attribute_value != ecs::text(attribute.value)) continue;
      if (response.attributes->size() == page.size) {
        response.next_token = next_token_after(last);
        return response;
      }
      response.attributes->push_back(answer(attribute, *instance));
      last = fmt::format("{}/{}", instance->id, name);
    }
  }
  return response;
}

}  // namespace fl::control::api
