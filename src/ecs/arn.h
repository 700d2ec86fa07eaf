// Amazon resource names: "arn:partition:service:region:account:resource". Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace fl::ecs {

// Views into the text given to parse_arn().
struct Arn {
  std::string_view partition;  // "aws", "aws-cn", ...
  std::string_view service;
  std::string_view region;
  std::string_view account;
  std::string_view resource;  // the rest, colons included

  // Of ECS resources "type/..." : "cluster", "task", "task-definition", "container-instance", "service".
  std::string_view resource_type() const { return resource.substr(0, resource.find('/')); }
  // After the last slash: cluster or service name, task or instance id, "family:revision".
  std::string_view name() const { return resource.substr(resource.rfind('/') + 1); }
  // The cluster named inside the long form "task/cluster/id"; empty in the short form "task/id".
  std::string_view cluster() const;
};

// nullopt when the text is no ARN.
std::optional<Arn> parse_arn(std::string_view text);

// The short name of something given by name or by ARN: "web" and "arn:aws:ecs:r:1:cluster/web" are both "web".
std::string_view short_name(std::string_view name_or_arn);

}  // namespace fl::ecs
