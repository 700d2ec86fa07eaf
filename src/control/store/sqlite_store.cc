#include "control/store/sqlite_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

namespace fl::control::store {
namespace {

// Steps from each schema to the next; the number of steps taken is the file's user_version.
constexpr const char* kMigrations[] = {
    R"(CREATE TABLE fact(name TEXT PRIMARY KEY, value ANY) STRICT;
       INSERT INTO fact VALUES('revision', 0);
       CREATE TABLE record(account TEXT NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
                           revision INTEGER NOT NULL, value TEXT NOT NULL,
                           PRIMARY KEY(account, region, kind, key)) STRICT;)",
};
static_assert(std::size(kMigrations) == SqliteStore::kSchemaVersion);
constexpr int kApplicationId = 0x666c6431;  // "fld1": tells our files from other people's

}  // namespace

// The connection and its prepared statements.
struct SqliteStore::Database {
  sqlite3* handle = nullptr;
  sqlite3_stmt* put = nullptr;
  sqlite3_stmt* erase = nullptr;
  sqlite3_stmt* set_revision = nullptr;
  std::string path;

  ~Database() {
    sqlite3_finalize(put);
    sqlite3_finalize(erase);
    sqlite3_finalize(set_revision);
    sqlite3_close(handle);
  }

  tl::unexpected<Error> failure() const {
    const int code = sqlite3_errcode(handle);
    switch (code) {
      case SQLITE_FULL:
        return fail(Code::exhausted, fmt::format("{}: the disk is full; nothing of the last change was kept", path));
      case SQLITE_BUSY:
        return fail(Code::conflict, fmt::format("{}: another process has it open; stop that one first", path));
      case SQLITE_NOTADB: return fail(Code::invalid, fmt::format("{}: is no state of fairlead; move it away", path));
      case SQLITE_CORRUPT: return fail(Code::invalid, fmt::format("{}: is damaged; restore it from a copy", path));
      case SQLITE_CANTOPEN:
      case SQLITE_PERM:
      case SQLITE_READONLY:
        return fail(Code::denied, fmt::format("{}: cannot be opened for writing: {}", path, sqlite3_errmsg(handle)));
      default:
        return fail(Code::unavailable,
                    fmt::format("{}: {} (SQLite {})", path, sqlite3_errmsg(handle), sqlite3_extended_errcode(handle)));
    }
  }

  Result<> run(const char* sql) {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
    return {};
  }

  Result<sqlite3_stmt*> prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
      return failure();
    return statement;
  }

  // The first column of the first row; nullopt without a row.
  Result<std::optional<std::string>> ask(const char* sql) {
    FL_TRY(sqlite3_stmt * statement, prepare(sql));
    const int step = sqlite3_step(statement);
    std::optional<std::string> out;
    if (step == SQLITE_ROW) out = std::string(column(statement, 0));
    sqlite3_finalize(statement);
    if (step != SQLITE_ROW && step != SQLITE_DONE) return failure();
    return out;
  }
  Result<int64_t> ask_number(const char* sql) {
    FL_TRY(const auto text, ask(sql));
    return text ? std::strtoll(text->c_str(), nullptr, 10) : 0;
  }

  static std::string_view column(sqlite3_stmt* statement, int index) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
    return {text == nullptr ? "" : text, static_cast<size_t>(sqlite3_column_bytes(statement, index))};
  }
  static void bind(sqlite3_stmt* statement, int index, std::string_view text) {
    sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  // Runs a statement that answers nothing.
  Result<> step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    if (code != SQLITE_DONE) return failure();
    return {};
  }
};

SqliteStore::SqliteStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options) {
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  if (failed) return fail(Code::denied, fmt::format("{}: cannot be made: {}", options.directory, failed.message()));
  auto database = std::make_unique<Database>();
  database->path = options.directory + "/state.db";
  if (sqlite3_open_v2(database->path.c_str(), &database->handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK)
    return database->failure();
  std::filesystem::permissions(database->path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                               failed);
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(database)));
  FL_TRY_VOID(store->prepare(options));
  return store;
}

Result<> SqliteStore::prepare(const SqliteOptions& options) {
  Database& db = *database_;
  // Exclusive: nobody else may write what we hold in memory. Full: a commit is on the disk before it is answered.
  FL_TRY_VOID(db.run("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"));
  FL_TRY_VOID(db.run("BEGIN IMMEDIATE"));
  FL_TRY(const int64_t version, db.ask_number("PRAGMA user_version"));
  FL_TRY(const int64_t application, db.ask_number("PRAGMA application_id"));
  FL_TRY(const int64_t tables, db.ask_number("SELECT count(*) FROM sqlite_schema"));
  if (application != kApplicationId && tables != 0)
    return fail(Code::invalid, fmt::format("{}: is no state of fairlead; move it away", db.path));
  if (version > kSchemaVersion)
    return fail(Code::invalid, fmt::format("{}: was written by a newer fairlead (schema {}, this one knows {}); use "
                                           "that version or a copy from before",
                                           db.path, version, kSchemaVersion));
  for (auto step = static_cast<size_t>(version); step < std::size(kMigrations); ++step)
    FL_TRY_VOID(db.run(kMigrations[step]));
  FL_TRY_VOID(db.run(
      fmt::format("PRAGMA user_version={}; PRAGMA application_id={}; COMMIT", kSchemaVersion, kApplicationId).c_str()));

  FL_TRY(const auto account, db.ask("SELECT value FROM fact WHERE name='account'"));
  if (account && *account != options.account_id)
    return fail(Code::invalid, fmt::format("{}: holds the state of account {}, not of {}; use its --account-id or "
                                           "another --data directory",
                                           db.path, *account, options.account_id));
  if (!account) {
    FL_TRY(sqlite3_stmt * insert, db.prepare("INSERT INTO fact VALUES('account', ?)"));
    Database::bind(insert, 1, options.account_id);
    auto inserted = db.step(insert);
    sqlite3_finalize(insert);
    FL_TRY_VOID(std::move(inserted));
  }
  FL_TRY(db.put, db.prepare("INSERT INTO record VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET "
                            "revision=excluded.revision, value=excluded.value"));
  FL_TRY(db.erase, db.prepare("DELETE FROM record WHERE account=? AND region=? AND kind=? AND key=?"));
  FL_TRY(db.set_revision, db.prepare("UPDATE fact SET value=? WHERE name='revision' AND value=?"));
  return {};
}

net::Task<Result<int64_t>> SqliteStore::load(std::function<Result<>(const Row&)> visit) {
  Database& db = *database_;
  FL_CO_TRY(const int64_t revision, db.ask_number("SELECT value FROM fact WHERE name='revision'"));
  FL_CO_TRY(sqlite3_stmt * select, db.prepare("SELECT account, region, kind, key, value FROM record"));
  Result<> visited;
  int step;
  while ((step = sqlite3_step(select)) == SQLITE_ROW && visited)
    visited = visit({Database::column(select, 0), Database::column(select, 1), Database::column(select, 2),
                     Database::column(select, 3), Database::column(select, 4)});
  sqlite3_finalize(select);
  if (!visited) co_return tl::make_unexpected(std::move(visited).error().context(db.path));
  if (step != SQLITE_DONE) co_return db.failure();
  co_return revision;
}

net::Task<Result<>> SqliteStore::commit(Batch batch) {
  FL_CO_TRY_VOID(database_->run("BEGIN IMMEDIATE"));
  auto written = write(batch);
  if (written) written = database_->run("COMMIT");
  if (!written) (void)database_->run("ROLLBACK");  // some errors have rolled back already
  co_return written;
}

Result<> SqliteStore::write(const Batch& batch) {
  Database& db = *database_;
  for (const Write& w : batch.writes) {
    sqlite3_stmt* statement = w.value ? db.put : db.erase;
    Database::bind(statement, 1, w.account);
    Database::bind(statement, 2, w.region);
    Database::bind(statement, 3, w.kind);
    Database::bind(statement, 4, w.key);
    if (w.value) {
      sqlite3_bind_int64(statement, 5, w.revision);
      Database::bind(statement, 6, *w.value);
    }
    FL_TRY_VOID(db.step(statement));
  }
  sqlite3_bind_int64(db.set_revision, 1, batch.revision);
  sqlite3_bind_int64(db.set_revision, 2, batch.expected);
  FL_TRY_VOID(db.step(db.set_revision));
  if (sqlite3_changes(db.handle) != 1)
    return fail(Code::conflict, fmt::format("{}: is not at revision {} any more", db.path, batch.expected));
  return {};
}

}  // namespace fl::control::store
