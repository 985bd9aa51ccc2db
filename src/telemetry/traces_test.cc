// Spans of a record, and a collector on loopback that gets them.
#include "telemetry/traces.h"

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "http/scripted_handler_for_test.h"
#include "telemetry/spans.h"

namespace nearside::telemetry {
namespace {

namespace json = base::json;

Record record() {
  Record made;
  made.decision_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  made.time = base::WallTime{std::chrono::seconds(1'700'000'000)};
  made.dialect = "openai";
  made.operation = "chat.completions";
  made.model_asked = "auto";
  made.sensitivity = "internal";
  made.total_ms = 20;
  made.outcome = Outcome::kOk;
  Attempt first;
  first.target = "onprem/a";
  first.outcome = Outcome::kFailed;
  first.error_code = "unavailable";
  first.total_ms = 5;
  Attempt second;
  second.target = "device/b";
  second.place = "device";
  second.outcome = Outcome::kOk;
  second.started_ms = 6;
  second.total_ms = 14;
  second.input_tokens = 7;
  second.output_tokens = 3;
  second.cost_usd = 0.25;
  add_attempt(made, first);
  add_attempt(made, second);
  return made;
}

std::string attribute(const json::value& span, std::string_view key) {
  for (const json::value& each : span.at("attributes").as_array())
    if (std::string_view(each.at("key").as_string()) == key)
      return json::serialize(each.at("value"));
  return "";
}

TEST(Spans, TellARequestAndItsAttempts) {
  const json::array spans = spans_of(record());
  ASSERT_EQ(spans.size(), 3U);
  // The decision id, which is a ULID, in hex: the example of the ULID specification.
  EXPECT_EQ(spans[0].at("traceId"), "01563e3ab5d3d6764c61efb99302bd5b");
  EXPECT_EQ(spans[0].at("spanId"), "4c61efb99302bd5b");
  EXPECT_EQ(spans[0].at("name"), "chat auto");
  EXPECT_EQ(spans[0].at("startTimeUnixNano"), "1700000000000000000");
  EXPECT_EQ(spans[0].at("endTimeUnixNano"), "1700000000020000000");
  EXPECT_FALSE(spans[0].as_object().contains("status"));
  EXPECT_EQ(attribute(spans[0], "gen_ai.usage.input_tokens"), R"({"intValue":"7"})");
  EXPECT_EQ(spans[1].at("status").at("code"), 2);
  EXPECT_EQ(attribute(spans[1], "error.type"), R"({"stringValue":"unavailable"})");
  EXPECT_EQ(spans[2].at("parentSpanId"), spans[0].at("spanId"));
  EXPECT_EQ(spans[2].at("startTimeUnixNano"), "1700000000006000000");
  EXPECT_NE(spans[1].at("spanId"), spans[2].at("spanId"));
}

TEST(Spans, JoinTheCallersTrace) {
  Record made = record();
  made.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const json::array spans = spans_of(made);
  EXPECT_EQ(spans[0].at("traceId"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(spans[0].at("parentSpanId"), "b7ad6b7169203331");
  for (const char* bad : {"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})
    EXPECT_FALSE(is_traceparent(bad)) << bad;
}

bool is_hex(const json::value& text, std::size_t digits) {
  const std::string_view view = text.as_string();
  return view.size() == digits &&
         view.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// One span as OTLP's JSON and the GenAI conventions have it: hex ids, times and 64-bit numbers as
/// decimal text, enumerators as numbers, one typed value for each attribute.
void expect_otlp(const json::value& span) {
  EXPECT_TRUE(is_hex(span.at("traceId"), 32));
  EXPECT_TRUE(is_hex(span.at("spanId"), 16));
  if (const json::value* parent = span.as_object().if_contains("parentSpanId")) {
    EXPECT_TRUE(is_hex(*parent, 16));
  }
  EXPECT_FALSE(span.at("name").as_string().empty());
  EXPECT_TRUE(span.at("kind").is_int64());
  const std::string_view start = span.at("startTimeUnixNano").as_string();
  const std::string_view end = span.at("endTimeUnixNano").as_string();
  EXPECT_EQ(start.size(), 19U);
  EXPECT_LE(start, end);
  for (const json::value& each : span.at("attributes").as_array()) {
    const json::object& value = each.at("value").as_object();
    ASSERT_EQ(value.size(), 1U);
    const std::string_view type = value.begin()->key();
    EXPECT_TRUE(type == "doubleValue" ? value.begin()->value().is_double()
                                      : value.begin()->value().is_string())
        << type;
    EXPECT_TRUE(type == "stringValue" || type == "intValue" || type == "doubleValue") << type;
  }
  for (const char* wanted : {"gen_ai.operation.name", "gen_ai.request.model",
                             "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"})
    EXPECT_NE(attribute(span, wanted), "") << wanted;
}

TEST(Traces, ReachTheCollector) {
  std::promise<http::Request> arrived;
  http::ScriptedServer collector(
      [&arrived](http::Request request, std::unique_ptr<http::Responder> responder) {
        arrived.set_value(std::move(request));
        responder->send({200, {}, "{}"});
      });
  base::Logger log{base::Level::kOff};
  const auto client = http::Client::create();
  {
    const auto traces = Traces::open(
        {.url = "http://127.0.0.1:" + std::to_string(collector.port()) + "/", .node_name = "n"},
        *client, log);
    traces->finished(record());
  }
  const http::Request request = arrived.get_future().get();
  EXPECT_EQ(request.path, "/v1/traces");
  const json::value body = base::parse_json(request.body).value();
  const json::value& resource = body.at("resourceSpans").at(0);
  EXPECT_EQ(attribute(resource.at("resource"), "service.name"), R"({"stringValue":"nearside"})");
  const json::array& spans = resource.at("scopeSpans").at(0).at("spans").as_array();
  ASSERT_EQ(spans.size(), 3U);
  for (const json::value& span : spans) expect_otlp(span);
}

TEST(Traces, CountWhatACollectorDoesNotTake) {
  http::ScriptedServer collector([](http::Request, std::unique_ptr<http::Responder> responder) {
    responder->send({503, {}, ""});
  });
  base::Logger log{base::Level::kOff};
  const auto client = http::Client::create();
  TraceOptions options;
  options.url = "http://127.0.0.1:" + std::to_string(collector.port());
  options.batch_max = 2;
  options.delay = std::chrono::hours(1);
  const auto traces = Traces::open(options, *client, log);
  traces->finished(record());
  traces->finished(record());
  while (traces->lost_count() < 2) std::this_thread::yield();
}

}  // namespace
}  // namespace nearside::telemetry
