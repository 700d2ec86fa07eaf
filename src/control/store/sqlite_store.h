// The store in a file of this machine: SQLite in WAL mode, synced before commit() returns. One process at a time.
// Control thread (opened before that runs); the calls do not wait for anything but the disk.
#pragma once

#include <memory>
#include <string>

#include "control/store/store.h"

namespace fl::control::store {

struct SqliteOptions {
  std::string directory;   // made when it is missing; the file in it is state.db
  std::string account_id;  // whose state it is: another one's is not opened
};

class SqliteStore final : public Store {
 public:
  // Brings an older file up to this program's schema. Errors: conflict (another process has it open), invalid (a newer
  // program's, another account's or no database of ours), denied, unavailable.
  static Result<std::unique_ptr<SqliteStore>> open(const SqliteOptions& options);
  ~SqliteStore() override;

  net::Task<Result<int64_t>> load(std::function<Result<>(const Row&)> visit) override;
  net::Task<Result<>> commit(Batch batch) override;

  static constexpr int kSchemaVersion = 1;

 private:
  struct Database;
  explicit SqliteStore(std::unique_ptr<Database> database);
  Result<> prepare(const SqliteOptions& options);
  Result<> write(const Batch& batch);

  std::unique_ptr<Database> database_;
};

}  // namespace fl::control::store
