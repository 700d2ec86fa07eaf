#include "admin/list_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/strings.h"

namespace fl::admin {
namespace {

constexpr int64_t kDefaultPerPage = 100;

// Go: a value out of range is the nearest one in it, any other text that is no number is 0.
Result<int64_t> positive(std::string_view name, std::string_view text, int64_t missing) {
  if (text.empty()) return missing;
  const auto value = parse_int(text);
  if (value && *value > 0) return *value;
  return fail(Code::invalid, fmt::format("invalid request: {}: {}", name, value.value_or(0)));
}

bool contains(std::string_view text, std::string_view lower_case) {
  return to_lower(text).find(lower_case) != std::string::npos;
}

// A router's service may lack its provider only when there is none.
bool uses_service(std::string_view service, std::string_view wanted) {
  return service == (service.find('@') == service.npos ? wanted.substr(0, wanted.find('@')) : wanted);
}

bool uses_middleware(const Entry& entry, std::string_view wanted) {
  return entry.middlewares != nullptr && std::ranges::find(*entry.middlewares, wanted) != entry.middlewares->end();
}

template <auto Key>
bool is_less(const Entry& a, const Entry& b) {
  const auto x = std::pair(std::invoke(Key, a), a.name), y = std::pair(std::invoke(Key, b), b.name);
  return x < y;
}

constexpr auto kStatusText = [](const Entry& entry) { return proxy::to_text(entry.status); };

using Order = bool (*)(const Entry&, const Entry&);
constexpr std::pair<std::string_view, Order> kOrders[] = {
    {"provider", is_less<&Entry::provider>}, {"priority", is_less<&Entry::priority>},
    {"status", is_less<kStatusText>},        {"rule", is_less<&Entry::rule>},
    {"service", is_less<&Entry::service>},   {"entryPoints", is_less<&Entry::entry_points>},
    {"type", is_less<&Entry::type>},         {"servers", is_less<&Entry::servers>},
};

}  // namespace

std::optional<std::string> decode_percent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

ListQuery ListQuery::parse(std::string_view query) {
  ListQuery out;
  const std::pair<std::string_view, std::string*> parameters[] = {
      {"page", &out.page},      {"per_page", &out.per_page},        {"search", &out.search},
      {"status", &out.status},  {"serviceName", &out.service_name}, {"middlewareName", &out.middleware_name},
      {"sortBy", &out.sort_by}, {"direction", &out.direction},
  };
  bool seen[std::size(parameters)] = {};
  for (const std::string_view pair : split(query, '&')) {
    if (pair.find(';') != pair.npos) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto key = decode_percent(pair.substr(0, equals), true);
    auto value = decode_percent(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) continue;
    for (size_t i = 0; i < std::size(parameters); ++i)
      if (parameters[i].first == *key && !std::exchange(seen[i], true)) *parameters[i].second = *std::move(value);
  }
  return out;
}

void select(const ListQuery& query, std::vector<Entry>& entries) {
  const std::string search = to_lower(query.search);
  std::erase_if(entries, [&](const Entry& entry) {
    return (!query.status.empty() && !iequals(proxy::to_text(entry.status), query.status)) ||
           (!search.empty() && !contains(entry.name, search) && !contains(entry.rule, search)) ||
           (!query.service_name.empty() && !uses_service(entry.service, query.service_name)) ||
           (!query.middleware_name.empty() && !uses_middleware(entry, query.middleware_name));
  });
  const auto* const found = std::ranges::find(kOrders, query.sort_by, &std::pair<std::string_view, Order>::first);
  const Order less = found == std::end(kOrders) ? is_less<&Entry::name> : found->second;
  std::ranges::sort(entries, less);
  if (!query.direction.empty() && query.direction != "asc") std::ranges::reverse(entries);
}

Result<Page> paginate(const ListQuery& query, size_t total) {
  FL_TRY(const int64_t per_page, positive("per_page", query.per_page, kDefaultPerPage));
  FL_TRY(const int64_t page, positive("page", query.page, 1));
  const auto size = static_cast<int64_t>(total);
  int64_t begin = 0;
  if (__builtin_mul_overflow(page - 1, per_page, &begin)) begin = std::numeric_limits<int64_t>::max();
  if (begin != 0 && begin >= size)
    return fail(Code::invalid, fmt::format("invalid request: page: {}, per_page: {}", page, per_page));
  const int64_t end = per_page < size - begin ? begin + per_page : size;
  return Page{static_cast<size_t>(begin), static_cast<size_t>(end), end < size ? page + 1 : 1};
}

}  // namespace fl::admin
