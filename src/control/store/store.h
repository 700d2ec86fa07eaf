// Where the state is kept: records as text under (account, region, kind, key), and one revision for all of them.
// Control thread only; nothing of what is behind it shows here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace fl::control::store {

struct Write {
  std::string account, region;
  std::string_view kind;  // lives for ever
  std::string key;
  std::optional<std::string> value;  // nullopt: the record is gone
  int64_t revision = 0;              // of the change it belongs to
};

// One or more changes, each with a revision of its own, kept all or not at all.
struct Batch {
  int64_t expected = 0;  // the revision kept so far
  int64_t revision = 0;  // the one kept afterwards
  std::vector<Write> writes;
};

struct Row {
  std::string_view account, region, kind, key, value;
};

class Store {
 public:
  virtual ~Store() = default;

  // Every record there is, in no order. -> the revision they are of; 0 for a new store. An error of `visit` ends it.
  virtual net::Task<Result<int64_t>> load(std::function<Result<>(const Row&)> visit) = 0;

  // When it has returned well, the batch survives whatever happens to this process and this machine's power. Errors,
  // after each of which nothing of the batch is kept: conflict (somebody else has written: the revision is not the
  // expected one), exhausted (disk full), unavailable (anything else; what was kept before still is).
  virtual net::Task<Result<>> commit(Batch batch) = 0;
};

}  // namespace fl::control::store
