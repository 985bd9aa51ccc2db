// Anthropic's, Ollama's and the Responses dialect: what they ask in the house's own form, what they
// answer, and their errors.
#include <fstream>

#include <gtest/gtest.h>

#include "gateway/dialect.h"
#include "gateway/dialect_anthropic_parse.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

const Operation& operation(std::string_view path) {
  for (const Dialect* dialect : dialects())
    for (const Operation& known : dialect->operations())
      if (known.path == path) return known;
  std::abort();
}

Asked asked(const Dialect& dialect, std::string_view path, std::string_view body) {
  auto result = dialect.parse(operation(path), body);
  if (const auto* error = std::get_if<ApiError>(&result)) ADD_FAILURE() << error->message;
  return std::holds_alternative<Asked>(result) ? std::get<Asked>(std::move(result)) : Asked{};
}

std::string refused(const Dialect& dialect, std::string_view path, std::string_view body) {
  auto result = dialect.parse(operation(path), body);
  const auto* error = std::get_if<ApiError>(&result);
  return error == nullptr ? "none" : error->param.empty() ? error->code : error->param;
}

json::value parsed(std::string_view text) { return base::parse_json(text).value(); }

const std::string kMessages = "/v1/messages";
const std::string kResponses = "/v1/responses";

TEST(AnthropicDialect, ReadsAConversation) {
  const Asked read = asked(anthropic_dialect(), kMessages, R"({"model":"auto","max_tokens":9,
    "system":[{"type":"text","text":"Be brief."}],"stop_sequences":["END"],"temperature":0.5,"top_k":3,
    "messages":[
      {"role":"user","content":[{"type":"text","text":"What?"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}]},
      {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"S"},
        {"type":"tool_use","id":"c1","name":"look","input":{"at":1}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,
        "content":[{"type":"text","text":"a cat"}]},{"type":"text","text":"So?"}]}],
    "tools":[{"name":"look","description":"Looks.","input_schema":{"type":"object"}}],
    "tool_choice":{"type":"any","disable_parallel_tool_use":true}})");
  EXPECT_EQ(json::value(read.request.messages), parsed(R"([
    {"role":"system","content":"Be brief."},
    {"role":"user","content":[{"type":"text","text":"What?"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"c1","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}}],
      "reasoning_content":"hm","reasoning_signature":"S"},
    {"role":"tool","content":"a cat","tool_call_id":"c1","is_error":true},
    {"role":"user","content":"So?"}])"));
  EXPECT_EQ(json::value(read.request.tools), parsed(R"([{"type":"function","function":
    {"name":"look","description":"Looks.","parameters":{"type":"object"}}}])"));
  EXPECT_EQ(read.request.tool_choice, "required");
  EXPECT_FALSE(read.request.parallel_tool_calls);
  EXPECT_EQ(read.request.completion_tokens_max, 9U);
  EXPECT_EQ(read.request.stop, std::vector<std::string>{"END"});
  EXPECT_EQ(read.request.original_dialect, "anthropic");
}

TEST(AnthropicDialect, NamesTheFieldAtFault) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"model":"m","messages":[{"role":"user","content":"x"}]})", "max_tokens"},
      {R"({"model":"m","max_tokens":1,"messages":[]})", "messages"},
      {R"({"model":"m","max_tokens":1,"messages":[{"role":"robot","content":"x"}]})",
       "messages[0].role"},
      {R"({"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result"}]}]})",
       "messages[0].content[0].tool_use_id"},
      {R"({"model":"m","max_tokens":1,"temperature":1.5,"messages":[{"role":"user","content":"x"}]})",
       "temperature"},
      {R"({"model":"m","max_tokens":1,"tools":[{}],"messages":[{"role":"user","content":"x"}]})",
       "tools[0].name"},
      {R"({"model":"m","max_tokens":1,"tool_choice":{"type":"tool"},"messages":[{"role":"user","content":"x"}]})",
       "tool_choice"},
  };
  for (const auto& [body, param] : cases)
    EXPECT_EQ(refused(anthropic_dialect(), kMessages, body), param) << body;
}

TEST(AllDialects, RefuseAFieldThatIsNamedTwice) {
  // The label would read one of the two; a server that gets the bytes might read the other.
  EXPECT_EQ(refused(openai_dialect(), "/v1/chat/completions",
                    R"({"model":"m","messages":[{"role":"user","content":"a","content":"b"}]})"),
            "invalid_json");
  EXPECT_EQ(refused(anthropic_dialect(), kMessages,
                    R"({"model":"m","max_tokens":1,"messages":[],"messages":[]})"),
            "invalid_json");
  EXPECT_EQ(
      refused(openai_dialect(), "/v1/chat/completions",
              R"({"model":"m","x":":\":","messages":[{"role":"user","content":"a:b\\\":c"}]})"),
      "none");
}

TEST(OllamaDialect, ReadsChatGenerateAndEmbed) {
  const Asked chat = asked(ollama_dialect(), "/api/chat", R"({"model":"m","messages":[
    {"role":"user","content":"What?","images":["iVBORw0"]},
    {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},
    {"role":"tool","content":"r","tool_name":"f"}],
    "options":{"temperature":0,"num_predict":5,"stop":["x"],"seed":1},"format":"json","think":true})");
  EXPECT_TRUE(chat.stream);  // unless told not to
  EXPECT_EQ(json::value(chat.request.messages), parsed(R"([
    {"role":"user","content":[{"type":"text","text":"What?"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0"}}]},
    {"role":"assistant","content":"","tool_calls":[{"id":"call_0","type":"function",
      "function":{"name":"f","arguments":"{\"a\":1}"}}]},
    {"role":"tool","content":"r","tool_call_id":"call_0"}])"));
  EXPECT_EQ(chat.request.completion_tokens_max, 5U);
  EXPECT_EQ(chat.request.format.kind, chat::AnswerFormat::Kind::kJsonObject);
  EXPECT_EQ(chat.request.sampling.temperature, 0.0F);
  const Asked said = asked(ollama_dialect(), "/api/generate",
                           R"({"model":"m","prompt":"p","system":"s","stream":false})");
  EXPECT_EQ(said.request.messages.size(), 2U);
  EXPECT_FALSE(said.stream);
  const Asked raw =
      asked(ollama_dialect(), "/api/generate", R"({"model":"m","prompt":"p","raw":true})");
  EXPECT_EQ(raw.request.kind, chat::Request::Kind::kCompletion);
  EXPECT_EQ(asked(ollama_dialect(), "/api/embed", R"({"model":"m","input":["a","b"]})")
                .request.inputs.size(),
            2U);
  EXPECT_EQ(refused(ollama_dialect(), "/api/chat", R"({"model":"m"})"), "messages");
}

TEST(ResponsesDialect, ReadsItems) {
  const Asked read = asked(responses_dialect(), kResponses, R"({"model":"m","instructions":"s",
    "input":[{"role":"user","content":[{"type":"input_text","text":"q"}]},
      {"type":"reasoning","id":"r","summary":[]},
      {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
      {"type":"function_call_output","call_id":"c","output":"o"}],
    "tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true}],
    "tool_choice":{"type":"function","name":"f"},"max_output_tokens":4,"reasoning":{"effort":"low"},
    "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}})");
  EXPECT_EQ(json::value(read.request.messages), parsed(R"([{"role":"system","content":"s"},
    {"role":"user","content":"q"},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
      "function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","content":"o","tool_call_id":"c"}])"));
  EXPECT_EQ(json::value(read.request.tools), parsed(R"([{"type":"function","function":
    {"name":"f","parameters":{"type":"object"},"strict":true}}])"));
  EXPECT_EQ(read.request.tool_choice, parsed(R"({"type":"function","function":{"name":"f"}})"));
  EXPECT_EQ(read.request.format.kind, chat::AnswerFormat::Kind::kJsonSchema);
  EXPECT_EQ(read.request.reasoning_effort, "low");
  for (const char* body : {R"({"model":"m","input":"x","previous_response_id":"r"})",
                           R"({"model":"m","input":"x","background":true})",
                           R"({"model":"m","input":[{"type":"item_reference","id":"i"}]})"})
    EXPECT_NE(refused(responses_dialect(), kResponses, body), "none") << body;
}

TEST(AllDialects, ReadTheRequestsOfThePublicFixtures) {
  std::ifstream file("../shared/data/api-fixtures/fixtures.jsonl");
  if (!file) GTEST_SKIP() << "../shared/data/api-fixtures is absent";
  const std::tuple<const char*, const Dialect&, const char*> kinds[] = {
      {"requests/completions/", openai_dialect(), "/v1/chat/completions"},
      {"requests/embeddings/", openai_dialect(), "/v1/embeddings"},
      {"requests/messages/", anthropic_dialect(), "/v1/messages"},
      {"requests/policies/anthropic", anthropic_dialect(), "/v1/messages"},
      {"requests/policies/openai_with_messages", openai_dialect(), "/v1/chat/completions"},
      {"requests/policies/openai_with_inputs", responses_dialect(), "/v1/responses"},
      {"requests/policies/openai_with_text", responses_dialect(), "/v1/responses"},
      {"requests/responses/", responses_dialect(), "/v1/responses"},
  };
  int read = 0;
  for (std::string line; std::getline(file, line);) {
    const json::object record = base::parse_json(line).value().as_object();
    const std::string path(record.at("path").as_string());
    const std::string body(record.at("content").as_string());
    for (const auto& [prefix, dialect, at] : kinds) {
      if (!path.starts_with(prefix)) continue;
      auto result = dialect.parse(operation(at), body);
      if (const auto* error = std::get_if<ApiError>(&result)) {
        ADD_FAILURE() << path << ": " << error->message;
        continue;
      }
      EXPECT_EQ(std::get<Asked>(result).request.original_text, body) << path;
      ++read;
    }
  }
  EXPECT_GT(read, 25);
}

AnswerHead head() { return {.decision_id = "01X", .model = "device/a", .prompt_tokens = 11}; }

WholeAnswer tool_answer() {
  WholeAnswer whole;
  whole.choices[0].text = "Hm.";
  whole.choices[0].reasoning = "thought";
  whole.choices[0].tool_calls = parsed(R"([{"id":"c1","type":"function",
      "function":{"name":"look","arguments":"{\"at\":1}"}}])")
                                    .as_array();
  whole.choices[0].reason = whole.end.reason = chat::FinishReason::kToolCalls;
  whole.end.usage.prompt_tokens = 30;
  whole.end.usage.cached_tokens = 10;
  whole.end.usage.completion_tokens = 5;
  return whole;
}

TEST(AnthropicDialect, WritesAWholeMessage) {
  const json::value written =
      parsed(anthropic_dialect().answer(operation(kMessages), head())->whole(tool_answer()));
  EXPECT_EQ(written.at("content"), parsed(R"([
      {"type":"thinking","thinking":"thought","signature":""},{"type":"text","text":"Hm."},
      {"type":"tool_use","id":"c1","name":"look","input":{"at":1}}])"));
  EXPECT_EQ(written.at("stop_reason"), "tool_use");
  EXPECT_EQ(written.at("usage"), parsed(R"({"input_tokens":20,"cache_creation_input_tokens":0,
      "cache_read_input_tokens":10,"output_tokens":5})"));
}

/// The data of each event, in order.
std::vector<json::value> events(std::string_view stream) {
  std::vector<json::value> all;
  while (!stream.empty()) {
    const std::size_t end = stream.find("\n\n");
    std::string_view one = stream.substr(0, end);
    all.push_back(parsed(one.substr(one.find("data: ") + 6)));
    stream.remove_prefix(end + 2);
  }
  return all;
}

std::string stream_of(const Dialect& dialect, std::string_view path) {
  const auto answer = dialect.answer(operation(path), head());
  std::string out;
  answer->begin(out);
  answer->reasoning(out, {.text = "th", .signature = "S"});
  answer->text(out, {.text = "Hm"});
  answer->text(out, {.text = "."});
  answer->tool_calls(
      out, {R"([{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}])"});
  answer->tool_calls(out, {R"([{"index":0,"function":{"arguments":"{\"a\""}}])"});
  // Pieces of parallel calls may alternate.
  answer->tool_calls(out, {R"([{"index":1,"id":"c2","function":{"name":"g","arguments":"{}"}}])"});
  answer->tool_calls(out, {R"([{"index":0,"function":{"arguments":":1}"}}])"});
  answer->end(out, tool_answer().end);
  return out;
}

TEST(AnthropicDialect, StreamsBlocksOneAfterAnother) {
  const auto all = events(stream_of(anthropic_dialect(), kMessages));
  std::vector<std::string> types;
  std::map<std::int64_t, std::string> arguments;
  std::int64_t open = -1;
  for (const json::value& event : all) {
    types.emplace_back(event.at("type").as_string());
    if (types.back() == "content_block_start") {
      EXPECT_EQ(open, -1);
      open = event.at("index").as_int64();
    } else if (types.back() == "content_block_delta") {
      EXPECT_EQ(event.at("index").as_int64(), open);
      if (const auto* part = event.at("delta").as_object().if_contains("partial_json"))
        arguments[open] += part->as_string();
    } else if (types.back() == "content_block_stop") {
      EXPECT_EQ(event.at("index").as_int64(), open);
      open = -1;
    }
  }
  EXPECT_EQ(types.front(), "message_start");
  EXPECT_EQ(types.back(), "message_stop");
  EXPECT_EQ(all.front().at("message").at("usage").at("input_tokens"), 11);
  EXPECT_EQ(all[all.size() - 2].at("delta").at("stop_reason"), "tool_use");
  EXPECT_EQ(arguments, (std::map<std::int64_t, std::string>{{2, R"({"a":1})"}, {3, "{}"}}));
}

TEST(ResponsesDialect, StreamsItemsAndEndsWithAllOfThem) {
  const auto all = events(stream_of(responses_dialect(), kResponses));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].at("sequence_number"), i);
  EXPECT_EQ(all.front().at("type"), "response.created");
  const json::value& last = all.back();
  EXPECT_EQ(last.at("type"), "response.completed");
  const json::array& output = last.at("response").at("output").as_array();
  ASSERT_EQ(output.size(), 4U);
  EXPECT_EQ(output[0].at("type"), "reasoning");
  EXPECT_EQ(output[1].at("content").at(0).at("text"), "Hm.");
  EXPECT_EQ(output[2].at("arguments"), R"({"a":1})");
  EXPECT_EQ(output[3].at("call_id"), "c2");
  EXPECT_EQ(last.at("response").at("usage").at("input_tokens_details").at("cached_tokens"), 10);
}

TEST(OllamaDialect, StreamsLinesAndTellsCallsWhole) {
  std::string stream = stream_of(ollama_dialect(), "/api/chat");
  std::vector<json::value> lines;
  while (!stream.empty()) {
    lines.push_back(parsed(stream.substr(0, stream.find('\n'))));
    stream.erase(0, stream.find('\n') + 1);
  }
  EXPECT_EQ(lines[0].at("message").at("thinking"), "th");
  EXPECT_EQ(lines[1].at("message").at("content"), "Hm");
  const json::value& calls = lines[lines.size() - 2].at("message").at("tool_calls");
  EXPECT_EQ(calls.at(0).at("function").at("arguments"), parsed(R"({"a":1})"));
  EXPECT_EQ(calls.at(1).at("function").at("name"), "g");
  EXPECT_EQ(lines.back().at("done"), true);
  EXPECT_EQ(lines.back().at("prompt_eval_count"), 30);
}

TEST(AllDialects, SayErrorsInTheirOwnWay) {
  const ApiError error = invalid_field("n", "must be 1");
  EXPECT_EQ(
      parsed(anthropic_dialect().error(error).body),
      parsed(R"({"type":"error","error":{"type":"invalid_request_error","message":"must be 1"}})"));
  EXPECT_EQ(parsed(ollama_dialect().error(error).body), parsed(R"({"error":"must be 1"})"));
  EXPECT_EQ(parsed(responses_dialect().error(error).body).at("error").at("param"), "n");
}

}  // namespace
}  // namespace nearside::gateway
