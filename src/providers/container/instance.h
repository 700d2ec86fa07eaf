// A running container as any container provider sees it: where it is reached and what its labels say. Plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/dynamic/read.h"
#include "config/fields.h"

namespace fl::providers::container {

using Labels = config::Map<std::string>;

// Labels and what they say; made once for all containers that share them.
struct LabelSet {
  Labels labels;
  config::dynamic::ReadResult decoded;
};
std::shared_ptr<const LabelSet> make_labels(Labels labels);

// `count` ports from `container_port` on, reached at those from `host_port` on.
struct PortMapping {
  uint16_t container_port = 0;
  uint16_t host_port = 0;
  uint16_t count = 1;
  bool operator==(const PortMapping&) const = default;
};

struct Instance {
  std::string name;      // as the provider names services: "service-web-app"; not normalised
  std::string id;        // tells instances of one name apart
  std::string origin;    // what it was made from ("family" of a task definition), and its revision: of instances with
  int64_t revision = 0;  // one name and origin the newest revision is believed
  std::shared_ptr<const LabelSet> labels;
  std::string ip;
  std::vector<PortMapping> ports;

  bool operator==(const Instance& other) const;
};

// Where a label's port is reached: the host port it is mapped to, else itself. Without a label the lowest host port;
// nullopt when there is none. Source: Traefik, getPort.
std::optional<uint16_t> host_port(const Instance& instance, std::optional<uint16_t> label);

// "10.0.0.1:80", "[fd00::1]:80"
std::string host_and_port(std::string_view ip, uint16_t port);

}  // namespace fl::providers::container
