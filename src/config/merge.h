// The configurations of all providers -> one, with every name as name@provider. Main thread.
// Source: Traefik, from provider message to running configuration.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/dynamic/configuration.h"
#include "config/issue.h"
#include "config/static/entry_point.h"

namespace fl::config {

struct ProviderConfig {
  std::string provider;  // "file", "ecs"
  std::shared_ptr<const dynamic::Configuration> configuration;
};

// What the static configuration adds to routers.
struct MergeInputs {
  std::vector<std::string> default_entry_points;  // of HTTP and TCP routers that name none
  Map<statics::EntryPoint> entry_points;
};

struct Merged {
  dynamic::Configuration configuration;
  std::vector<Issue> issues;
};

// Each object becomes name@provider, and so does each reference to a router, service, middleware, transport or TLS
// option that names no provider. TLS options and stores called `default` keep their name; when two providers define
// one, all of them are dropped, as an issue. Routers without entry points get the default ones (UDP routers: all UDP
// ones), unless they have parents. What an entry point says about its routers (middlewares, TLS, observability) is
// written into them; a router on several entry points becomes <entry point>-<name> for each that says something.
//
// Keeps what it made last: an object whose provider says the same as before is the very entry of the last time, so that
// who compares configurations compares pointers.
class Merger {
 public:
  explicit Merger(MergeInputs inputs);
  ~Merger();

  Merged merge(const std::vector<ProviderConfig>& providers);

 private:
  struct Memory;

  const MergeInputs inputs_;
  std::map<std::string, std::unique_ptr<Memory>, std::less<>> memory_;  // by provider
};

// Once.
inline Merged merge(const std::vector<ProviderConfig>& providers, const MergeInputs& inputs) {
  return Merger(inputs).merge(providers);
}

// One file of a provider that reads several.
struct NamedConfiguration {
  std::string source;  // the file's path
  dynamic::Configuration configuration;
};

// The files of one provider as one configuration, in the order given: of two objects with one name the first counts,
// the second is left out with a warning. Certificates add up.
Merged merge_files(const std::vector<NamedConfiguration>& files);

// "web" -> "web@file"; a name that has a provider, and an empty one, stay as they are.
std::string qualify(std::string_view name, std::string_view provider);

struct QualifiedName {
  std::string_view name;
  std::string_view provider;  // empty when there is none
};
QualifiedName split_name(std::string_view qualified);

}  // namespace fl::config
