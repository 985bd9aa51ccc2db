// Answers that keep to a form: schemas, expressions, grammars, and calls that are demanded.
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"
#include "engine/engine_for_test.h"

namespace nearside::engine {
namespace {

using chat::AnswerFormat;
using chat::FinishReason;

constexpr const char* kSchema =
    R"({"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":99},
        "kind":{"enum":["pump","valve"]}},"required":["a","kind"],"additionalProperties":false})";

chat::Request formatted(AnswerFormat::Kind kind, std::string text) {
  chat::Request request = completion("hello", 60);
  request.format.kind = kind;
  request.format.text = std::move(text);
  return request;
}

TEST(EngineFormat, AnswersKeepToASchema) {
  const std::unique_ptr<Engine> engine = load();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    chat::Request request = formatted(AnswerFormat::Kind::kJsonSchema, kSchema);
    request.sampling.seed = seed;
    const Heard answer = run_alone(*engine, request);
    ASSERT_TRUE(answer.finished);
    if (answer.finished->reason == FinishReason::kLength) continue;  // spaces between members
    const auto value = base::parse_json(answer.text);
    ASSERT_TRUE(value) << answer.text;
    EXPECT_LE(value->at("a").to_number<int>(), 99);
    EXPECT_TRUE(value->at("kind") == "pump" || value->at("kind") == "valve");
  }
}

TEST(EngineFormat, AnswersKeepToExpressionsAndGrammars) {
  const std::unique_ptr<Engine> engine = load();
  const Heard number =
      run_alone(*engine, formatted(AnswerFormat::Kind::kRegex, "[0-9]{3}-(pump|valve)"));
  EXPECT_EQ(number.finished->reason, FinishReason::kStop);
  EXPECT_TRUE(number.text.ends_with("-pump") || number.text.ends_with("-valve")) << number.text;
  const Heard word =
      run_alone(*engine, formatted(AnswerFormat::Kind::kGrammar, "root ::= \"yes\" | \"no\""));
  EXPECT_TRUE(word.text == "yes" || word.text == "no") << word.text;
}

TEST(EngineFormat, ForcedTextCostsFewerSteps) {
  const std::unique_ptr<Engine> engine = load();
  const Engine::Sink sink = [](RequestId, const chat::Event&) {};
  ASSERT_TRUE(engine->submit(1, formatted(AnswerFormat::Kind::kRegex, "this is all there is")));
  std::size_t steps = 0;
  while (engine->step(sink)) ++steps;
  EXPECT_LT(steps, 12U);  // 20 tokens here
}

TEST(EngineFormat, RefusesFormatsThatAreNone) {
  const std::unique_ptr<Engine> engine = load();
  EXPECT_FALSE(engine->submit(1, formatted(AnswerFormat::Kind::kJsonSchema, "{")));
  EXPECT_FALSE(engine->submit(1, formatted(AnswerFormat::Kind::kRegex, "(")));
}

TEST(EngineFormat, NeighboursAreNotHeldToAForm) {
  const std::unique_ptr<Engine> engine = load();
  const chat::Request free = completion("hello", 20);
  const Heard alone = run_alone(*engine, free);
  Answers answers;
  const Engine::Sink sink = answers.sink();
  ASSERT_TRUE(engine->submit(1, formatted(AnswerFormat::Kind::kJsonSchema, kSchema)));
  ASSERT_TRUE(engine->submit(2, free));
  while (engine->step(sink)) {
  }
  EXPECT_EQ(answers[2], alone);
}

TEST(EngineFormat, DemandedCallsAreMadeWithArgumentsOfTheirSchema) {
  for (const char* chat_template :
       {"{{ tools|length }}<tool_call>", "{{ tools|length }}<|python_tag|>",
        "{{ tools|length }}[TOOL_CALLS]"}) {
    gguf::Writer writer = model::tiny_writer("llama");
    writer.add("tokenizer.chat_template", std::string(chat_template));
    auto engine = load_bytes(writer.to_bytes(), small_options());
    ASSERT_TRUE(engine);
    chat::Request request = completion("", 80);
    request.kind = chat::Request::Kind::kChat;
    request.parallel_tool_calls = false;
    request.messages = {base::json::object{{"role", "user"}, {"content", "hi"}}};
    request.tools = {base::json::object{
        {"type", "function"},
        {"function", base::json::object{{"name", "stop_pump"},
                                        {"parameters", base::json::parse(
                                                           R"({"type":"object","properties":{"id":
                                             {"enum":["p1","p2"]}},"required":["id"],
                                             "additionalProperties":false})")}}}}};
    request.tool_choice = "required";
    for (const char space : {' ', '\n', '\t', '\r'})
      request.logit_bias.emplace_back(space, -1000.0F);
    std::string name;
    std::string arguments;
    std::optional<chat::Finished> finished;
    ASSERT_TRUE((*engine)->submit(1, request));
    const Engine::Sink sink = [&](RequestId, const chat::Event& event) {
      if (const auto* delta = std::get_if<chat::ToolCallDelta>(&event)) {
        const base::json::value calls = *base::parse_json(delta->tool_calls_json);
        const auto& function = calls.at(0).at("function").as_object();
        if (function.contains("name")) name += std::string(function.at("name").as_string());
        arguments += std::string(function.at("arguments").as_string());
      }
      if (const auto* end = std::get_if<chat::Finished>(&event)) finished = *end;
    };
    while ((*engine)->step(sink)) {
    }
    ASSERT_TRUE(finished);
    EXPECT_EQ(name, "stop_pump") << chat_template;
    if (finished->reason == FinishReason::kLength) continue;
    EXPECT_EQ(finished->reason, FinishReason::kToolCalls) << chat_template;
    const auto parsed = base::parse_json(arguments);
    ASSERT_TRUE(parsed) << arguments;
    EXPECT_TRUE(parsed->at("id") == "p1" || parsed->at("id") == "p2");
  }
}

}  // namespace
}  // namespace nearside::engine
