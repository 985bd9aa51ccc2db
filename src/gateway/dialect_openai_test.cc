// OpenAI's requests in, OpenAI's replies out.
#include <fstream>

#include <gtest/gtest.h>

#include "gateway/dialect.h"
#include "gateway/dialect_openai_parse.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

Asked parsed(std::string_view body) {
  auto result = parse_openai_chat(body);
  if (const auto* error = std::get_if<ApiError>(&result)) ADD_FAILURE() << error->message;
  return std::holds_alternative<Asked>(result) ? std::get<Asked>(std::move(result)) : Asked{};
}

/// A chat request with these further fields.
std::string with(std::string_view fields) {
  return R"({"model":"auto","messages":[{"role":"user","content":"x"}])" +
         (fields.empty() ? std::string() : "," + std::string(fields)) + "}";
}

std::string chat_error(std::string_view body) {
  auto result = parse_openai_chat(body);
  const auto* error = std::get_if<ApiError>(&result);
  return error == nullptr ? "none" : std::to_string(error->status) + " " + error->param;
}

TEST(OpenAiDialect, ReadsSamplingLimitsAndStops) {
  const Asked asked = parsed(with(
      R"("temperature":0,"top_p":0.5,"frequency_penalty":-1,"presence_penalty":1.5,"seed":-3,
         "max_tokens":7,"stop":["a","b"],"stream":true,"stream_options":{"include_usage":true},
         "top_k":40,"min_p":0.1,"repeat_penalty":1.1,"chat_template_kwargs":{"enable_thinking":false})"));
  const chat::Sampling& sampling = asked.request.sampling;
  EXPECT_EQ(sampling.temperature, 0.0F);
  EXPECT_EQ(sampling.top_p, 0.5F);
  EXPECT_EQ(sampling.frequency_penalty, -1.0F);
  EXPECT_EQ(sampling.presence_penalty, 1.5F);
  EXPECT_EQ(sampling.seed, static_cast<std::uint64_t>(-3));
  EXPECT_EQ(sampling.top_k, 40U);
  EXPECT_EQ(sampling.repetition_penalty, 1.1F);
  EXPECT_EQ(asked.request.completion_tokens_max, 7U);
  EXPECT_EQ(asked.request.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(asked.stream);
  EXPECT_TRUE(asked.stream_usage);
  EXPECT_EQ(asked.request.template_extra.at("enable_thinking"), false);
  EXPECT_EQ(asked.upstream_only, "");
}

TEST(OpenAiDialect, TheNewerTokenLimitWins) {
  EXPECT_EQ(
      parsed(with(R"("max_tokens":7,"max_completion_tokens":9)")).request.completion_tokens_max,
      9U);
}

TEST(OpenAiDialect, NullIsAsGoodAsAbsent) {
  const Asked asked = parsed(with(
      R"("temperature":null,"max_tokens":null,"stop":null,"stream":null,"stream_options":null,"tools":null)"));
  EXPECT_EQ(asked.request.sampling.temperature, 1.0F);
  EXPECT_FALSE(asked.request.completion_tokens_max);
}

TEST(OpenAiDialect, KeepsUnknownFieldsForServersThatKnowThem) {
  EXPECT_EQ(
      parsed(with(R"("brand_new":{"a":[1,2]})")).request.original.at("brand_new").at("a").at(1), 2);
}

TEST(OpenAiDialect, NamesTheFieldAtFault) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("temperature":"hot")", "temperature"},
      {R"("temperature":2.1)", "temperature"},
      {R"("top_p":-0.1)", "top_p"},
      {R"("frequency_penalty":3)", "frequency_penalty"},
      {R"("max_tokens":0)", "max_tokens"},
      {R"("max_tokens":1.5)", "max_tokens"},
      {R"("max_completion_tokens":1e18)", "max_completion_tokens"},
      {R"("seed":1e30)", "seed"},
      {R"("n":0)", "n"},
      {R"("stop":7)", "stop"},
      {R"("stop":[""])", "stop"},
      {R"("stop":["a","b","c","d","e"])", "stop"},
      {R"("stream":"yes")", "stream"},
      {R"("stream_options":{})", "stream_options"},
      {R"("stream":true,"stream_options":{"include_usage":1})", "stream_options"},
      {R"("tools":{})", "tools"},
      {R"("tools":[{"type":"function"}])", "tools[0].function"},
      {R"("tools":[{"type":"function","function":{"name":1}}])", "tools[0].function.name"},
      {R"("response_format":{})", "response_format"},
  };
  for (const auto& [fields, param] : cases)
    EXPECT_EQ(chat_error(with(fields)), std::string("400 ") + param) << fields;
}

TEST(OpenAiDialect, ChecksEveryMessage) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "messages"},
      {R"("hello")", "messages"},
      {R"([7])", "messages[0]"},
      {R"([{"content":"x"}])", "messages[0].role"},
      {R"([{"role":"wizard","content":"x"}])", "messages[0].role"},
      {R"([{"role":"user"}])", "messages[0].content"},
      {R"([{"role":"user","content":7}])", "messages[0].content"},
      {R"([{"role":"user","content":"a"},{"role":"user","content":[{"text":"x"}]}])",
       "messages[1].content[0].type"},
      {R"([{"role":"user","content":[{"type":"hologram"}]}])", "messages[0].content[0].type"},
      {R"([{"role":"user","content":[{"type":"text","text":7}]}])", "messages[0].content[0].text"},
      {R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
      {R"([{"role":"assistant","tool_calls":[{"id":"a"}]}])", "messages[0].tool_calls[0].function"},
      {R"([{"role":"assistant","tool_calls":"x"}])", "messages[0].tool_calls"},
  };
  for (const auto& [messages, param] : cases)
    EXPECT_EQ(chat_error(R"({"model":"m","messages":)" + std::string(messages) + "}"),
              std::string("400 ") + param)
        << messages;
  EXPECT_EQ(chat_error(R"({"model":"m","messages":[{"role":"assistant","content":null,
      "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"ok"}]}]})"),
            "none");
}

TEST(OpenAiDialect, KnowsWhatALocalModelCannotHonour) {
  const std::pair<std::string, const char*> cases[] = {
      {with(R"("tools":[{"type":"function","function":{"name":"f"}}])"), ""},
      {with(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none")"), ""},
      {with(R"("response_format":{"type":"json_object"})"), ""},
      {with(R"("response_format":{"type":"text"})"), ""},
      {with(R"("logprobs":true,"n":2)"), ""},
      {with(R"("logit_bias":{"5":1})"), ""},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]})",
       "images"},
  };
  for (const auto& [body, expected] : cases)
    EXPECT_EQ(parsed(body).upstream_only, expected) << body;
}

TEST(OpenAiDialect, RefusesAModelNameThatIsNone) {
  EXPECT_EQ(chat_error(R"({"messages":[{"role":"user","content":"x"}]})"), "400 model");
  EXPECT_EQ(chat_error(R"({"model":7,"messages":[{"role":"user","content":"x"}]})"), "400 model");
  EXPECT_EQ(chat_error(R"({"model":")" + std::string(257, 'm') +
                       R"(","messages":[{"role":"user","content":"x"}]})"),
            "400 model");
}

TEST(OpenAiDialect, ACompletionTakesOnePrompt) {
  const auto prompt = [](std::string_view value) {
    return parse_openai_completion(R"({"model":"m","prompt":)" + std::string(value) + "}");
  };
  EXPECT_EQ(std::get<Asked>(prompt(R"("a")")).request.prompt, "a");
  EXPECT_EQ(std::get<Asked>(prompt(R"(["a"])")).request.prompt, "a");
  EXPECT_EQ(std::get<Asked>(prompt(R"("a")")).request.completion_tokens_max,
            kCompletionTokensDefault);
  for (const char* bad : {R"(["a","b"])", "[1,2]", "[[1]]", "[]", "null", "7"})
    EXPECT_EQ(std::get<ApiError>(prompt(bad)).param, "prompt") << bad;
}

TEST(OpenAiDialect, ReadsTheRequestsOfThePublicFixtures) {
  std::ifstream file("../shared/data/api-fixtures/fixtures.jsonl");
  if (!file) GTEST_SKIP() << "../shared/data/api-fixtures is absent";
  int read = 0;
  for (std::string line; std::getline(file, line);) {
    const json::object record = base::parse_json(line).value().as_object();
    const std::string path(record.at("path").as_string());
    if (!path.starts_with("requests/completions/")) continue;
    const std::string body(record.at("content").as_string());
    auto result = parse_openai_chat(body);
    if (const auto* error = std::get_if<ApiError>(&result)) {
      ADD_FAILURE() << path << ": " << error->message;
      continue;
    }
    EXPECT_EQ(std::get<Asked>(result).request.original, base::parse_json(body).value().as_object())
        << path;
    ++read;
  }
  EXPECT_GT(read, 5);
}

AnswerHead head() {
  return {.decision_id = "01X",
          .model = "device/a",
          .created_unix_s = 1700000000,
          .stream_usage = true};
}
const Operation& chat_operation() { return openai_dialect().operations()[0]; }

/// The JSON of each event of a stream.
std::vector<json::object> chunks(std::string_view stream) {
  std::vector<json::object> all;
  while (!stream.empty()) {
    const std::size_t end = stream.find("\n\n");
    const std::string_view data = stream.substr(6, end - 6);
    if (data != "[DONE]") all.push_back(base::parse_json(data).value().as_object());
    stream.remove_prefix(end + 2);
  }
  return all;
}

TEST(OpenAiDialect, WritesAWholeChat) {
  WholeAnswer whole;
  WholeChoice& said = whole.choices.front();
  said.text = "say \"hi\"\n\x01";
  said.reason = chat::FinishReason::kLength;
  whole.end.usage = {
      .prompt_tokens = 3, .completion_tokens = 4, .cached_tokens = 1, .estimated = false};
  const auto written =
      base::parse_json(openai_dialect().answer(chat_operation(), head())->whole(whole)).value();
  EXPECT_EQ(written.at("id"), "chatcmpl-01X");
  EXPECT_EQ(written.at("object"), "chat.completion");
  EXPECT_EQ(written.at("model"), "device/a");
  const auto& choice = written.at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "length");
  EXPECT_EQ(choice.at("message"),
            (json::object{{"role", "assistant"}, {"content", said.text}, {"refusal", nullptr}}));
  EXPECT_EQ(written.at("usage").at("total_tokens"), 7);
  EXPECT_EQ(written.at("usage").at("prompt_tokens_details").at("cached_tokens"), 1);
}

TEST(OpenAiDialect, WritesAStreamWithRoleFirstAndUsageLast) {
  const auto answer = openai_dialect().answer(chat_operation(), head());
  std::string out;
  answer->begin(out);
  answer->text(out, {.text = "a\"b"});
  answer->end(out, {.usage = {.prompt_tokens = 1, .completion_tokens = 2}});
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));
  const auto all = chunks(out);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(all[1].at("choices").at(0).at("delta").at("content"), "a\"b");
  EXPECT_TRUE(all[1].at("choices").at(0).at("finish_reason").is_null());
  EXPECT_EQ(all[2].at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_TRUE(all[3].at("choices").as_array().empty());
  EXPECT_EQ(all[3].at("usage").at("total_tokens"), 3);
  for (const json::object& chunk : all) EXPECT_EQ(chunk.at("id"), "chatcmpl-01X");
}

TEST(OpenAiDialect, WritesErrorsWithAllFourFields) {
  const http::Response response = openai_dialect().error(invalid_field("n", "must be 1"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(base::parse_json(response.body).value(),
            base::parse_json(R"({"error":{"message":"must be 1","type":"invalid_request_error",
                                 "param":"n","code":"invalid_value"}})")
                .value());
}

}  // namespace
}  // namespace nearside::gateway
