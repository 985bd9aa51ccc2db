#include "telemetry/spans.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

namespace nearside::telemetry {
namespace {

namespace json = base::json;

constexpr int kServer = 2;  // SPAN_KIND_SERVER
constexpr int kClient = 3;  // SPAN_KIND_CLIENT
constexpr int kFailed = 2;  // STATUS_CODE_ERROR

/// The 128 bits of a decision id, which is Crockford's base 32.
std::array<std::uint8_t, 16> bits_of(std::string_view id) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<std::uint8_t, 16> bits{};
  for (const char c : id) {
    const auto value = static_cast<unsigned>(kAlphabet.find(c) & 31U);
    unsigned carry = value;
    for (std::size_t i = bits.size(); i-- > 0;) {
      const unsigned shifted = (unsigned{bits[i]} << 5U) | carry;
      bits[i] = static_cast<std::uint8_t>(shifted & 255U);
      carry = shifted >> 8U;
    }
  }
  return bits;
}

std::string hex(const std::uint8_t* bytes, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    fmt::format_to(std::back_inserter(text), "{:02x}", bytes[i]);
  return text;
}

/// The attributes of a span, in OTLP's spelling.
class Attributes {
 public:
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, {{"stringValue", value}});
  }
  // 64-bit numbers are strings in OTLP's JSON.
  void count(std::string_view key, std::uint64_t value) {
    add(key, {{"intValue", std::to_string(value)}});
  }
  void number(std::string_view key, double value) { add(key, {{"doubleValue", value}}); }
  json::array take() { return std::move(all_); }

 private:
  void add(std::string_view key, json::object value) {
    all_.emplace_back(json::object{{"key", key}, {"value", std::move(value)}});
  }
  json::array all_;
};

std::string_view operation_of(const Record& record) {
  if (record.operation.find("embed") != std::string::npos) return "embeddings";
  return record.operation == "completions" ? "text_completion" : "chat";
}

std::string nanoseconds(base::WallTime time, double offset_ms) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return std::to_string(since.count() + static_cast<std::int64_t>(offset_ms * 1e6));
}

json::object span(std::string_view trace, std::string id, std::string_view parent, std::string name,
                  int kind) {
  json::object made{{"traceId", trace}, {"spanId", std::move(id)}};
  if (!parent.empty()) made["parentSpanId"] = parent;
  made["name"] = std::move(name);
  made["kind"] = kind;
  return made;
}

void end(json::object& made, const Record& record, double from_ms, double to_ms, bool ok,
         std::string_view error_code, Attributes attributes) {
  made["startTimeUnixNano"] = nanoseconds(record.time, from_ms);
  made["endTimeUnixNano"] = nanoseconds(record.time, to_ms);
  if (!ok) {
    attributes.text("error.type", error_code.empty() ? "cancelled" : error_code);
    made["status"] = json::object{{"code", kFailed}};
  }
  made["attributes"] = attributes.take();
}

json::object attempt_span(const Record& record, const Attempt& attempt, std::string_view trace,
                          std::string id, std::string_view parent) {
  const std::string_view operation = operation_of(record);
  json::object made =
      span(trace, std::move(id), parent, fmt::format("{} {}", operation, attempt.target), kClient);
  Attributes attributes;
  attributes.text("gen_ai.operation.name", operation);
  attributes.text("gen_ai.request.model", attempt.target);
  attributes.text("gen_ai.provider.name", "nearside");
  attributes.count("gen_ai.usage.input_tokens", attempt.input_tokens);
  attributes.count("gen_ai.usage.output_tokens", attempt.output_tokens);
  attributes.text("nearside.place", attempt.place);
  attributes.text("nearside.region", attempt.region);
  if (attempt.cost_usd) attributes.number("nearside.cost_usd", *attempt.cost_usd);
  if (attempt.ttft_ms)
    attributes.number("gen_ai.server.time_to_first_token", *attempt.ttft_ms / 1000);
  end(made, record, attempt.started_ms, attempt.started_ms + attempt.total_ms,
      attempt.outcome == Outcome::kOk, attempt.error_code, std::move(attributes));
  return made;
}

}  // namespace

bool is_traceparent(std::string_view text) {
  if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 2 && i != 35 && i != 52 && !is_hex(text[i])) return false;
  return text.substr(0, 2) != "ff" &&
         text.substr(3, 32).find_first_not_of('0') != std::string_view::npos &&
         text.substr(36, 16).find_first_not_of('0') != std::string_view::npos;
}

json::array spans_of(const Record& record) {
  const std::array<std::uint8_t, 16> bits = bits_of(record.decision_id);
  const bool has_parent = is_traceparent(record.traceparent);
  const std::string trace =
      has_parent ? record.traceparent.substr(3, 32) : hex(bits.data(), bits.size());
  const std::string parent = has_parent ? record.traceparent.substr(36, 16) : std::string();
  // The random half of the id; attempts count on from it.
  std::array<std::uint8_t, 8> own{};
  std::copy(bits.begin() + 8, bits.end(), own.begin());
  const std::string root = hex(own.data(), own.size());

  json::array spans;
  const std::string_view operation = operation_of(record);
  json::object request =
      span(trace, root, parent, fmt::format("{} {}", operation, record.model_asked), kServer);
  Attributes attributes;
  attributes.text("gen_ai.operation.name", operation);
  attributes.text("gen_ai.request.model", record.model_asked);
  attributes.text("gen_ai.response.model", record.target);
  attributes.text("gen_ai.response.id", record.decision_id);
  attributes.count("gen_ai.usage.input_tokens", record.input_tokens);
  attributes.count("gen_ai.usage.output_tokens", record.output_tokens);
  attributes.text("nearside.dialect", record.dialect);
  attributes.text("nearside.sensitivity", record.sensitivity);
  attributes.text("nearside.place", record.place);
  attributes.text("nearside.tenant", record.tenant);
  attributes.text("nearside.outcome", outcome_name(record.outcome));
  if (record.cost_usd) attributes.number("nearside.cost_usd", *record.cost_usd);
  end(request, record, 0, record.total_ms, record.outcome == Outcome::kOk, record.error_code,
      std::move(attributes));
  spans.emplace_back(std::move(request));
  for (std::size_t i = 0; i < record.attempts.size(); ++i) {
    std::array<std::uint8_t, 8> id = own;
    id[0] = static_cast<std::uint8_t>(id[0] ^ 0x80U);
    id[1] = static_cast<std::uint8_t>(id[1] + i);
    spans.emplace_back(
        attempt_span(record, record.attempts[i], trace, hex(id.data(), id.size()), root));
  }
  return spans;
}

std::string export_body(json::array spans, std::string_view node_name) {
  const auto attribute = [](std::string_view key, std::string_view value) {
    return json::object{{"key", key}, {"value", json::object{{"stringValue", value}}}};
  };
  json::object resource{{"attributes", json::array{attribute("service.name", "nearside"),
                                                   attribute("service.instance.id", node_name)}}};
  json::object scope{{"scope", json::object{{"name", "nearside"}}}, {"spans", std::move(spans)}};
  json::array scopes;
  scopes.emplace_back(std::move(scope));
  json::object one{{"resource", std::move(resource)}, {"scopeSpans", std::move(scopes)}};
  json::array all;
  all.emplace_back(std::move(one));
  return json::serialize(json::object{{"resourceSpans", std::move(all)}});
}

}  // namespace nearside::telemetry
