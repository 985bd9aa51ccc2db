#include "store/sqlite.h"

#include <utility>

#include <sqlite3.h>

namespace nearside::store {

namespace {

base::Error error_of(sqlite3* connection, int status, std::string_view doing) {
  base::Code code = base::Code::kIo;
  switch (status & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      code = base::Code::kUnavailable;
      break;
    case SQLITE_FULL:
      code = base::Code::kExhausted;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      code = base::Code::kCorrupt;
      break;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      code = base::Code::kInvalidArgument;
      break;
    default:
      break;
  }
  return base::fail(code, "{}: {}", doing,
                    connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(status));
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, std::int64_t value) {
  CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, double value) {
  CHECK(sqlite3_bind_double(statement_, index, value) == SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, std::string_view value) {
  // An empty view may hold a null pointer, which SQLite would bind as NULL.
  const char* data = value.empty() ? "" : value.data();
  CHECK(sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
        SQLITE_OK);
  return *this;
}
Statement& Statement::bind(int index, std::nullptr_t) {
  CHECK(sqlite3_bind_null(statement_, index) == SQLITE_OK);
  return *this;
}

base::Result<bool> Statement::step() {
  const int status = sqlite3_step(statement_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  base::Error error = error_of(sqlite3_db_handle(statement_), status, "the database refused");
  sqlite3_reset(statement_);
  return error;
}

base::Status Statement::run() {
  while (TRY(step())) {
  }
  reset();
  return {};
}

void Statement::reset() { sqlite3_reset(statement_); }

int Statement::column_count() const { return sqlite3_column_count(statement_); }
std::string Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name != nullptr ? name : "";
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
bool Statement::is_text(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_TEXT;
}
bool Statement::is_real(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_FLOAT;
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }
std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes != nullptr ? std::string(reinterpret_cast<const char*>(bytes), size) : std::string();
}

base::Result<Database> Database::open(const std::string& path, const OpenOptions& options) {
  sqlite3* raw = nullptr;
  const int flags =
      options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  // Each connection is used by one thread at a time, which its owner sees to.
  const int status = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (status != SQLITE_OK) return error_of(raw, status, "cannot open " + path);
  sqlite3_busy_timeout(raw, static_cast<int>(options.busy_timeout.count()));
  // Opening reads nothing; a first query tells whether this is a database at all.
  if (auto first = database.integer("PRAGMA schema_version"); !first)
    return std::move(first).error().with_context(path);
  return database;
}

Database::Database(Database&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}
Database& Database::operator=(Database&& other) noexcept {
  std::swap(connection_, other.connection_);
  return *this;
}
// close_v2: a connection lives on until its last statement is gone, whatever order their owner
// destroys them in.
Database::~Database() { sqlite3_close_v2(connection_); }

base::Status Database::execute(const std::string& sql) {
  const int status = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return error_of(connection_, status, "the database refused");
  return {};
}

base::Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int status = sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
  if (status != SQLITE_OK)
    return error_of(connection_, status, "the database refused the statement");
  return Statement(statement);
}

base::Result<std::int64_t> Database::integer(const std::string& sql) {
  Statement statement = TRY(prepare(sql));
  if (!TRY(statement.step())) return base::fail(base::Code::kNotFound, "no row for '{}'", sql);
  return statement.integer(0);
}

std::int64_t Database::changes() const { return sqlite3_changes64(connection_); }

base::Result<Transaction> Transaction::begin(Database& database) {
  TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

base::Status Transaction::commit() {
  CHECK(database_ != nullptr);
  TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace nearside::store
