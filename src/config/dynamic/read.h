// Text or labels -> dynamic configuration. A text that cannot be parsed is an error and changes nothing; a mistake
// inside one router, service, middleware, transport, certificate, TLS option or store takes that object out and names
// it, and the rest goes live. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/dynamic/configuration.h"
#include "config/issue.h"

namespace fl::config::dynamic {

// An object that was left out, with everything that is wrong with it.
struct BrokenObject {
  std::string kind;  // "http.routers"
  std::string name;  // "web"; "[2]" for a certificate
  std::vector<Issue> issues;
};

struct ReadResult {
  Configuration configuration;
  std::vector<BrokenObject> broken;  // in the order they were met
  std::vector<Issue> issues;         // errors outside of any object, and warnings
};

enum class Format : uint8_t { yaml, toml, json };

// By the name's ending: .yaml and .yml, .toml, .json.
std::optional<Format> format_of(std::string_view file_name);

// `source` names the text in issues. Errors: it cannot be parsed.
Result<ReadResult> read_text(std::string_view text, std::string_view source, Format format);

// The routing labels of one container: traefik.http.*, .tcp.*, .udp.* and .tls.stores.default.*; all others are
// ignored. An error in `issues` belongs to no object; Traefik leaves the whole container out then.
// Source: Traefik, label grammar.
ReadResult read_labels(const Map<std::string>& labels);

}  // namespace fl::config::dynamic
