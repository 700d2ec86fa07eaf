// The containers of every cluster as they were last known, in a file: what is served after a start while AWS cannot be
// reached. Main thread; writes as it goes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "providers/container/instance.h"

namespace fl::providers::ecs {

using ClusterInstances = std::map<std::string, std::vector<container::Instance>, std::less<>>;  // by cluster

// Replaces the file in one step, readable by its owner only. Errors: the file system's.
Result<> write_state(const std::string& path, const ClusterInstances& clusters);

// Errors: not_found, or the file is not one of ours.
Result<ClusterInstances> read_state(const std::string& path);

// The file's text, for write_state and tests.
std::string encode_state(const ClusterInstances& clusters);
Result<ClusterInstances> decode_state(std::string_view text);

}  // namespace fl::providers::ecs
