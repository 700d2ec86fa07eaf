#include "proxy/middleware/source_criterion.h"

#include "base/strings.h"

namespace fl::proxy::middleware {

Result<SourceCriterion> SourceCriterion::make(const std::optional<config::dynamic::SourceCriterion>& options,
                                              Default otherwise) {
  SourceCriterion criterion;
  criterion.kind_ = otherwise == Default::host ? Kind::host : Kind::address;
  if (!options) return criterion;
  const int chosen =
      int{options->ip_strategy.has_value()} + int{!options->request_header_name.empty()} + int{options->request_host};
  if (chosen > 1)
    return fail(Code::invalid,
                "iPStrategy, RequestHeaderName and RequestHost are mutually exclusive in sourceCriterion: keep one");
  if (!options->request_header_name.empty()) {
    criterion.kind_ = Kind::header;
    criterion.header_ = options->request_header_name;
  } else if (options->request_host) {
    criterion.kind_ = Kind::host;
  } else if (options->ip_strategy) {
    criterion.kind_ = Kind::address;
    FL_TRY(criterion.strategy_, IpStrategy::make(options->ip_strategy));
  }
  return criterion;
}

std::string_view SourceCriterion::source_of(http::Exchange& x) const {
  switch (kind_) {
    case Kind::host: return x.arena.copy(to_lower(x.request.authority));
    case Kind::header: {
      const std::string_view* const value = x.request.headers.find(header_);
      return value == nullptr ? std::string_view{} : *value;
    }
    case Kind::address: break;
  }
  const auto address = strategy_.client_of(x);
  return address ? x.arena.copy(address->to_string()) : std::string_view{};
}

}  // namespace fl::proxy::middleware
