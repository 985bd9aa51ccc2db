#include "telemetry/ledger_row.h"

#include <cstring>

#include "base/json_writer.h"

namespace nearside::telemetry {
namespace {

constexpr std::size_t kModelBytesMax = 256;  // a client's text; the rest is cut off

// What a column begins with. Numbers follow in eight bytes, text after its length in four, all in
// the machine's own order: a journal does not travel.
constexpr char kNull = 'n', kInteger = 'i', kReal = 'r', kText = 't';

class RowWriter {
 public:
  explicit RowWriter(std::string& out) : out_(out) {}

  RowWriter& text(std::string_view value) {
    out_.push_back(kText);
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
    return *this;
  }
  RowWriter& integer(std::uint64_t value) {
    out_.push_back(kInteger);
    number(static_cast<std::int64_t>(value));
    return *this;
  }
  RowWriter& real(const std::optional<double>& value) {
    out_.push_back(value ? kReal : kNull);
    if (value) number(*value);
    return *this;
  }

 private:
  template <typename T>
  void number(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
  }

  std::string& out_;
};

template <typename T>
T take(std::string_view& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

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

}  // namespace

void append_row(const Record& record, std::string& out) {
  RowWriter row(out);
  row.text(record.decision_id).text(base::format_rfc3339(record.time));
  row.text(outcome_name(record.outcome)).text(record.error_code);
  row.text(record.tenant).text(record.key_name).text(record.dialect).text(record.operation);
  row.text(std::string_view(record.model_asked).substr(0, kModelBytesMax));
  row.integer(record.stream ? 1 : 0);
  row.text(record.sensitivity).text(categories_text(record));
  row.text(record.target).text(record.place).text(record.region);
  row.integer(record.input_tokens).integer(record.cached_input_tokens);
  row.integer(record.output_tokens).integer(record.estimated ? 1 : 0);
  row.real(record.cost_usd).real(record.energy_joules).real(record.ttft_ms).real(record.total_ms);
  row.text(attempts_text(record)).text(record.decision_json);
}

std::optional<RowReader::Value> RowReader::next() {
  if (rest_.empty()) return std::nullopt;
  const char kind = rest_.front();
  rest_.remove_prefix(1);
  if (kind == kNull) return std::monostate();
  if (kind == kInteger && rest_.size() >= sizeof(std::int64_t)) return take<std::int64_t>(rest_);
  if (kind == kReal && rest_.size() >= sizeof(double)) return take<double>(rest_);
  if (kind != kText || rest_.size() < sizeof(std::uint32_t)) return std::nullopt;
  const auto bytes = take<std::uint32_t>(rest_);
  if (rest_.size() < bytes) return std::nullopt;
  const std::string_view text = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return text;
}

RowKey key_of(std::string_view row) {
  RowReader columns(row);
  const auto text = [&columns] {
    const auto value = columns.next();
    const auto* found = value ? std::get_if<std::string_view>(&*value) : nullptr;
    return found != nullptr ? *found : std::string_view();
  };
  RowKey key;
  key.decision_id = text();
  text();  // the time
  key.open = text() == outcome_name(Outcome::kOpen);
  return key;
}

}  // namespace nearside::telemetry
