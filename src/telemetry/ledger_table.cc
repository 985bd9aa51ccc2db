#include "telemetry/ledger_table.h"

#include <type_traits>
#include <variant>

#include <fmt/format.h>

#include "telemetry/ledger_row.h"

namespace nearside::telemetry {

namespace json = base::json;

namespace {

constexpr std::int64_t kApplicationId = 0x4E534C44;  // "NSLD", in the file's header
constexpr std::int64_t kVersion = 1;
constexpr int kColumns = 25;
constexpr int kLogPages = 128;  // 4 MiB

constexpr char kSchema[] = R"(
CREATE TABLE requests (
  decision_id TEXT PRIMARY KEY NOT NULL,
  time TEXT NOT NULL,             -- RFC 3339, UTC, of the decision
  outcome TEXT NOT NULL,          -- open ok client_gone failed refused cut interrupted
  error_code TEXT NOT NULL,
  tenant TEXT NOT NULL,
  key_name TEXT NOT NULL,
  dialect TEXT NOT NULL,
  operation TEXT NOT NULL,
  model_asked TEXT NOT NULL,
  stream INTEGER NOT NULL,
  sensitivity TEXT NOT NULL,
  categories TEXT NOT NULL,       -- JSON array
  target TEXT NOT NULL,           -- that answered
  place TEXT NOT NULL,
  region TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,  -- of all attempts, as what follows
  cached_input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  estimated INTEGER NOT NULL,     -- some tokens were counted by us
  cost_usd REAL,                  -- NULL: not known
  energy_joules REAL,
  ttft_ms REAL,
  total_ms REAL NOT NULL,
  attempts TEXT NOT NULL,         -- JSON array of objects
  decision TEXT NOT NULL          -- JSON object
) STRICT;
CREATE INDEX requests_open ON requests (outcome) WHERE outcome = 'open';
)";

constexpr char kUpsert[] = R"(
INSERT INTO requests VALUES
  (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)
ON CONFLICT (decision_id) DO UPDATE SET
  outcome = ?3, error_code = ?4, model_asked = ?9, stream = ?10, sensitivity = ?11, categories = ?12, target = ?13,
  place = ?14, region = ?15, input_tokens = ?16, cached_input_tokens = ?17, output_tokens = ?18, estimated = ?19,
  cost_usd = ?20, energy_joules = ?21, ttft_ms = ?22, total_ms = ?23, attempts = ?24, decision = ?25
WHERE ?3 <> 'open')";

bool is_json_column(std::string_view name) {
  return name == "categories" || name == "attempts" || name == "decision";
}

bool is_flag_column(std::string_view name) { return name == "stream" || name == "estimated"; }

json::value column_json(const store::Statement& row, int column, const std::string& name) {
  if (row.is_null(column)) return nullptr;
  if (is_flag_column(name)) return row.integer(column) != 0;
  if (!row.is_text(column))
    return row.is_real(column) ? json::value(row.real(column)) : json::value(row.integer(column));
  const std::string text = row.text(column);
  if (!is_json_column(name)) return json::value(text);
  auto parsed = base::parse_json(text);
  return parsed ? *std::move(parsed) : json::value(text);
}

}  // namespace

base::Status prepare_ledger(store::Database& database, const std::string& path) {
  const std::int64_t application = TRY(database.integer("PRAGMA application_id"));
  const std::int64_t version = TRY(database.integer("PRAGMA user_version"));
  const std::int64_t tables = TRY(database.integer("SELECT count(*) FROM sqlite_schema"));
  if (tables > 0 && application != kApplicationId)
    return base::fail(base::Code::kCorrupt,
                      "{} is a database, but not a ledger; name another file under ledger.file",
                      path);
  if (version > kVersion)
    return base::fail(base::Code::kUnsupported,
                      "{} was written by a newer version (format {}); update this node", path,
                      version);
  // Some ten records to a page: a page that is written costs two calls of the system, and one more
  // when it goes from the log to the file. It stays as it was in a file that exists.
  if (tables == 0) TRY(database.execute("PRAGMA page_size=32768"));
  // WAL: readers (reports, `sqlite3` in a terminal) never block the writer. journal_mode answers
  // with a row, which execute drops.
  TRY(database.execute("PRAGMA journal_mode=WAL"));
  TRY(database.execute(fmt::format("PRAGMA wal_autocheckpoint={}", kLogPages)));
  if (tables > 0) return {};
  store::Transaction transaction = TRY(store::Transaction::begin(database));
  TRY(database.execute(kSchema));
  TRY(database.execute(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, kVersion)));
  return transaction.commit();
}

base::Result<std::int64_t> interrupt_open_records(store::Database& database) {
  TRY(database.execute("UPDATE requests SET outcome = 'interrupted' WHERE outcome = 'open'"));
  return database.changes();
}

base::Status sync_ledger(store::Database& database) {
  // A checkpoint would do, but passes over what a long report still reads. A commit syncs the log
  // with all that stands before it; this one changes nothing but has a page to write.
  return database.execute(fmt::format("PRAGMA synchronous=FULL; PRAGMA user_version={}", kVersion));
}

base::Result<RecordWriter> RecordWriter::create(store::Database& database) {
  return RecordWriter(TRY(database.prepare(kUpsert)));
}

base::Status RecordWriter::write(std::string_view row) {
  RowReader columns(row);
  int column = 0;
  while (const auto value = columns.next()) {
    if (++column > kColumns) break;
    std::visit(
        [&](const auto& of_type) {
          if constexpr (std::is_same_v<std::decay_t<decltype(of_type)>, std::monostate>)
            statement_.bind(column, nullptr);
          else
            statement_.bind(column, of_type);
        },
        *value);
  }
  if (column != kColumns)
    return base::fail(base::Code::kInvalidArgument, "a row of {} columns instead of {}", column,
                      kColumns);
  return statement_.run();
}

base::Result<std::optional<json::object>> find_record(store::Database& database,
                                                      const std::string& decision_id) {
  store::Statement select = TRY(database.prepare("SELECT * FROM requests WHERE decision_id = ?"));
  select.bind(1, decision_id);
  if (!TRY(select.step())) return std::optional<json::object>();
  json::object out;
  for (int column = 0; column < select.column_count(); ++column) {
    const std::string name = select.column_name(column);
    out[name] = column_json(select, column, name);
  }
  return std::optional(std::move(out));
}

}  // namespace nearside::telemetry
