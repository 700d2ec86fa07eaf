#include "providers/container/instance.h"

#include <fmt/format.h>

#include <algorithm>

namespace fl::providers::container {

std::shared_ptr<const LabelSet> make_labels(Labels labels) {
  auto decoded = config::dynamic::read_labels(labels);
  return std::make_shared<const LabelSet>(std::move(labels), std::move(decoded));
}

bool Instance::operator==(const Instance& other) const {
  return name == other.name && id == other.id && origin == other.origin && revision == other.revision &&
         ip == other.ip && ports == other.ports && (labels == other.labels || labels->labels == other.labels->labels);
}

std::optional<uint16_t> host_port(const Instance& instance, std::optional<uint16_t> label) {
  if (label) {
    for (const PortMapping& mapping : instance.ports)
      if (*label >= mapping.container_port && *label - mapping.container_port < mapping.count)
        return static_cast<uint16_t>(mapping.host_port + (*label - mapping.container_port));
    return label;
  }
  const auto lowest = std::ranges::min_element(instance.ports, {}, &PortMapping::host_port);
  if (lowest == instance.ports.end()) return std::nullopt;
  return lowest->host_port;
}

std::string host_and_port(std::string_view ip, uint16_t port) {
  return ip.contains(':') ? fmt::format("[{}]:{}", ip, port) : fmt::format("{}:{}", ip, port);
}

}  // namespace fl::providers::container
