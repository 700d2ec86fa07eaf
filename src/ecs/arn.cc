#include "ecs/arn.h"

namespace fl::ecs {

std::string_view Arn::cluster() const {
  const size_t first = resource.find('/'), last = resource.rfind('/');
  return first == last ? std::string_view() : resource.substr(first + 1, last - first - 1);
}

std::optional<Arn> parse_arn(std::string_view text) {
  if (!text.starts_with("arn:")) return std::nullopt;
  std::string_view rest = text.substr(4);
  Arn arn;
  for (std::string_view* part : {&arn.partition, &arn.service, &arn.region, &arn.account}) {
    const size_t colon = rest.find(':');
    if (colon == rest.npos) return std::nullopt;
    *part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  arn.resource = rest;
  if (arn.partition.empty() || arn.service.empty() || arn.resource.empty()) return std::nullopt;
  return arn;
}

std::string_view short_name(std::string_view name_or_arn) {
  const auto arn = parse_arn(name_or_arn);
  return arn ? arn->name() : name_or_arn;
}

}  // namespace fl::ecs
