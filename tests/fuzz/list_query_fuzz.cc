// Queries of the API's lists: any text selects, sorts and pages some entries without overflow or a part out of bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "admin/list_query.h"

using namespace fl::admin;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ListQuery query = ListQuery::parse({reinterpret_cast<const char*>(data), size});
  std::vector<Entry> entries(3);
  entries[0] = {.name = "b@file", .provider = "file", .rule = "Host(`b`)", .service = "s@file", .priority = 9};
  entries[1] = {.name = "a@ecs", .provider = "ecs", .status = fl::proxy::Status::disabled, .service = "s"};
  entries[2] = {.name = "c@file", .provider = "file", .type = "loadbalancer", .servers = 2};
  select(query, entries);
  if (entries.size() > 3) std::abort();
  if (const auto page = paginate(query, entries.size()))
    if (page->begin > page->end || page->end > entries.size() || page->next < 1) std::abort();
  return 0;
}
