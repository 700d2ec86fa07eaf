#include "config/dynamic/kinds.h"

#include <fmt/format.h>

#include "config/encode.h"
#include "config/schema.h"

namespace fl::config::dynamic {
namespace {

// The names of the optional groups that are set. The table knows them all, so a new kind needs no line here.
std::vector<std::string_view> set_kinds(const Type& type, const void* object) {
  std::vector<std::string_view> names;
  for (const Field& field : type.schema().fields)
    if (field.type->kind == Type::Kind::optional && !is_zero(*field.type, field.in(object)))
      names.push_back(field.name);
  return names;
}

Result<std::string_view> only_one(const std::vector<std::string_view>& names, std::string_view what) {
  if (names.size() == 1) return names[0];
  if (names.empty()) return fail(Code::invalid, "does not have any type defined");
  return fail(Code::invalid, fmt::format("has the types {}: multi-types {} not supported, consider declaring two "
                                         "different pieces of {} instead",
                                         fmt::join(names, ", "), what, what));
}

}  // namespace

Result<std::string_view> kind_of(const Service& service) {
  return only_one(set_kinds(type_of<Service>, &service), "service");
}
Result<std::string_view> kind_of(const Middleware& middleware) {
  std::vector<std::string_view> names = set_kinds(type_of<Middleware>, &middleware);
  for (const auto& [name, settings] : middleware.plugin) names.push_back(name);
  return only_one(names, "middleware");
}
Result<std::string_view> kind_of(const TcpService& service) {
  return only_one(set_kinds(type_of<TcpService>, &service), "service");
}
Result<std::string_view> kind_of(const TcpMiddleware& middleware) {
  return only_one(set_kinds(type_of<TcpMiddleware>, &middleware), "middleware");
}
Result<std::string_view> kind_of(const UdpService& service) {
  return only_one(set_kinds(type_of<UdpService>, &service), "service");
}

}  // namespace fl::config::dynamic
