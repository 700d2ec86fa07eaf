#include "proxy/middleware/user_list.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/strings.h"
#include "http/grammar.h"

namespace fl::proxy::middleware {

Result<> read_users(const std::vector<std::string>& users, const std::string& path,
                    const std::function<Result<>(std::string_view)>& add) {
  if (!path.empty()) {
    std::ifstream file(path);
    if (!file) return fail(Code::not_found, fmt::format("usersFile {}: {}", path, std::strerror(errno)));
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      const std::string_view text = trim(line);
      if (text.empty() || text.starts_with('#')) continue;
      if (auto ok = add(text); !ok)
        return tl::make_unexpected(std::move(ok).error().context(fmt::format("usersFile {}:{}", path, number)));
    }
  }
  for (const std::string& line : users) FL_TRY_VOID(add(line));
  return {};
}

Result<> check_options(std::string_view realm, std::string_view header_field) {
  if (!http::is_field_value(realm) || realm.find_first_of("\"\\") != realm.npos)
    return fail(Code::invalid, "realm cannot hold quotes, backslashes or control characters");
  if (!header_field.empty() && !http::is_token(header_field))
    return fail(Code::invalid, fmt::format("headerField \"{}\" is no field name", header_field));
  return {};
}

}  // namespace fl::proxy::middleware
