#include "telemetry/ledger_table.h"

#include <chrono>

#include <fmt/format.h>

#include "base/json_writer.h"

namespace nearside::telemetry {

namespace json = base::json;

namespace {

constexpr std::int64_t kApplicationId = 0x4E534C44;  // "NSLD", in the file's header
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kModelBytesMax = 256;  // a client's text; the rest is cut off

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

std::string attempts_text(const Record& record) {
  base::JsonWriter out;
  out.begin_array();
  for (const Attempt& attempt : record.attempts) {
    out.begin_object().member("target", attempt.target);
    out.member("place", attempt.place).member("region", attempt.region);
    out.member("outcome", outcome_name(attempt.outcome)).member("error_code", attempt.error_code);
    out.member("input_tokens", attempt.input_tokens);
    out.member("cached_input_tokens", attempt.cached_input_tokens);
    out.member("cache_write_tokens", attempt.cache_write_tokens);
    out.member("output_tokens", attempt.output_tokens);
    out.member("reasoning_tokens", attempt.reasoning_tokens);
    out.member("estimated", attempt.estimated).member("pseudonyms", attempt.pseudonyms);
    out.member("cost_usd", attempt.cost_usd).member("energy_joules", attempt.energy_joules);
    out.member("ttft_ms", attempt.ttft_ms).member("total_ms", attempt.total_ms);
    if (attempt.shadow) out.member("shadow", true);
    if (attempt.resumed_at_bytes) out.member("resumed_at_bytes", *attempt.resumed_at_bytes);
    out.end_object();
  }
  return std::move(out.end_array()).text();
}

std::string categories_text(const Record& record) {
  base::JsonWriter out;
  return std::move(out.value(record.categories)).text();
}

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
  // WAL: readers (reports, `sqlite3` in a terminal) never block the writer. journal_mode answers
  // with a row, which execute drops.
  TRY(database.execute("PRAGMA journal_mode=WAL"));
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

base::Result<RecordWriter> RecordWriter::create(store::Database& database) {
  return RecordWriter(TRY(database.prepare(kUpsert)));
}

base::Status RecordWriter::write(const Record& record) {
  const auto integer = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  store::Statement& s = statement_;
  s.bind(1, record.decision_id).bind(2, base::format_rfc3339(record.time));
  s.bind(3, outcome_name(record.outcome)).bind(4, record.error_code);
  s.bind(5, record.tenant).bind(6, record.key_name);
  s.bind(7, record.dialect).bind(8, record.operation);
  s.bind(9, std::string_view(record.model_asked).substr(0, kModelBytesMax));
  s.bind(10, integer(record.stream ? 1 : 0));
  s.bind(11, record.sensitivity).bind(12, categories_text(record));
  s.bind(13, record.target).bind(14, record.place).bind(15, record.region);
  s.bind(16, integer(record.input_tokens)).bind(17, integer(record.cached_input_tokens));
  s.bind(18, integer(record.output_tokens)).bind(19, integer(record.estimated ? 1 : 0));
  s.bind(20, record.cost_usd).bind(21, record.energy_joules);
  s.bind(22, record.ttft_ms).bind(23, record.total_ms);
  s.bind(24, attempts_text(record)).bind(25, record.decision_json);
  return s.run();
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
