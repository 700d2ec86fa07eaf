#include "providers/ecs/state_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/json.h"

namespace fl::providers::ecs {
namespace {

using container::Instance;
using container::LabelSet;
using json::Value;

constexpr int64_t kVersion = 1;

Error bad(std::string_view what) { return {Code::invalid, fmt::format("not a state file of this program: {}", what)}; }

Value encode_ports(const std::vector<container::PortMapping>& ports) {
  json::Array out;
  for (const auto& p : ports) out.emplace_back(json::Array{int{p.container_port}, int{p.host_port}, int{p.count}});
  return out;
}

Result<std::vector<container::PortMapping>> decode_ports(const Value* value) {
  std::vector<container::PortMapping> out;
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return tl::make_unexpected(bad("ports"));
  for (const Value& entry : *list) {
    const auto* numbers = entry.if_array();
    if (numbers == nullptr || numbers->size() != 3) return tl::make_unexpected(bad("ports"));
    uint16_t port[3];
    for (size_t i = 0; i < 3; ++i) {
      const auto* n = (*numbers)[i].if_int();
      if (n == nullptr || *n < 0 || *n > 65535) return tl::make_unexpected(bad("ports"));
      port[i] = static_cast<uint16_t>(*n);
    }
    out.push_back({port[0], port[1], port[2]});
  }
  return out;
}

Result<std::vector<std::shared_ptr<const LabelSet>>> decode_label_sets(const Value* value) {
  std::vector<std::shared_ptr<const LabelSet>> out;
  const auto* list = value == nullptr ? nullptr : value->if_array();
  if (list == nullptr) return tl::make_unexpected(bad("labels"));
  for (const Value& entry : *list) {
    container::Labels labels;
    if (entry.if_object() == nullptr) return tl::make_unexpected(bad("labels"));
    for (const auto& [key, text] : *entry.if_object()) {
      if (text.if_string() == nullptr) return tl::make_unexpected(bad("labels"));
      labels.emplace(key, *text.if_string());
    }
    out.push_back(container::make_labels(std::move(labels)));
  }
  return out;
}

Result<Instance> decode_instance(const Value& value, std::span<const std::shared_ptr<const LabelSet>> label_sets) {
  const auto integer = [&](std::string_view key) -> const int64_t* {
    const Value* found = value.find(key);
    return found == nullptr ? nullptr : found->if_int();
  };
  const int64_t* labels = integer("labels");
  const int64_t* revision = integer("revision");
  if (labels == nullptr || *labels < 0 || static_cast<size_t>(*labels) >= label_sets.size() || revision == nullptr)
    return tl::make_unexpected(bad("instances"));
  FL_TRY(auto ports, decode_ports(value.find("ports")));
  Instance out{.name = std::string(value.string_at("name")),
               .id = std::string(value.string_at("id")),
               .origin = std::string(value.string_at("origin")),
               .revision = *revision,
               .labels = label_sets[static_cast<size_t>(*labels)],
               .ip = std::string(value.string_at("ip")),
               .ports = std::move(ports)};
  if (out.name.empty() || out.ip.empty()) return tl::make_unexpected(bad("instances"));
  return out;
}

Error file_error(const std::string& path, int error) {
  return {error == ENOENT ? Code::not_found : Code::unavailable, fmt::format("{}: {}", path, std::strerror(error))};
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(fd, text.data(), text.size());
    if (size < 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

// {"version": 1, "labels": [{...}, ...], "clusters": {"default": [{..., "labels": 0}, ...]}}: the tasks of one
// definition share their labels.
std::string encode_state(const ClusterInstances& clusters) {
  std::map<std::shared_ptr<const LabelSet>, int64_t> known;
  json::Array label_sets;
  json::Object encoded;
  for (const auto& [cluster, instances] : clusters) {
    json::Array list;
    for (const Instance& instance : instances) {
      const auto [set, is_new] = known.try_emplace(instance.labels, static_cast<int64_t>(known.size()));
      if (is_new) {
        json::Object labels;
        for (const auto& [key, text] : instance.labels->labels) labels.emplace_back(key, text);
        label_sets.emplace_back(std::move(labels));
      }
      list.emplace_back(json::Object{{"name", instance.name},
                                     {"id", instance.id},
                                     {"origin", instance.origin},
                                     {"revision", instance.revision},
                                     {"labels", set->second},
                                     {"ip", instance.ip},
                                     {"ports", encode_ports(instance.ports)}});
    }
    encoded.emplace_back(cluster, std::move(list));
  }
  return json::to_text(
      json::Object{{"version", kVersion}, {"labels", std::move(label_sets)}, {"clusters", std::move(encoded)}});
}

Result<ClusterInstances> decode_state(std::string_view text) {
  FL_TRY(const Value root, json::parse(text));
  const Value* version = root.find("version");
  if (version == nullptr || version->if_int() == nullptr || *version->if_int() != kVersion)
    return tl::make_unexpected(bad("version"));
  FL_TRY(const auto label_sets, decode_label_sets(root.find("labels")));
  const Value* clusters = root.find("clusters");
  if (clusters == nullptr || clusters->if_object() == nullptr) return tl::make_unexpected(bad("clusters"));
  ClusterInstances out;
  for (const auto& [name, list] : *clusters->if_object()) {
    if (list.if_array() == nullptr) return tl::make_unexpected(bad("clusters"));
    auto& instances = out[name];
    for (const Value& entry : *list.if_array()) {
      FL_TRY(Instance instance, decode_instance(entry, label_sets));
      instances.push_back(std::move(instance));
    }
  }
  return out;
}

Result<> write_state(const std::string& path, const ClusterInstances& clusters) {
  const std::string draft = path + ".tmp";
  ::unlink(draft.c_str());
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return tl::make_unexpected(file_error(draft, errno));
  const bool is_written = write_all(fd, encode_state(clusters));
  const int error = errno;
  ::close(fd);
  if (!is_written) return tl::make_unexpected(file_error(draft, error));
  if (::rename(draft.c_str(), path.c_str()) != 0) return tl::make_unexpected(file_error(path, errno));
  return {};
}

Result<ClusterInstances> read_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::make_unexpected(file_error(path, errno));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto state = decode_state(text);
  if (!state) return tl::make_unexpected(std::move(state).error().context(path));
  return state;
}

}  // namespace fl::providers::ecs
