#include "engine/tool_calls.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"
#include "engine/tool_call_writer.h"

namespace nearside::engine {
namespace {

/// What a client pieces together: text, then each call as name(arguments).
std::string heard(const ToolCallFormat& format, std::string_view text, std::size_t piece_bytes) {
  const std::unique_ptr<ToolCallReader> reader = format.make_reader({"sum", "now"});
  ToolCallWriter writer(7);
  for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size())))
    reader->push(text.substr(0, piece_bytes), writer);
  reader->finish(writer);
  EXPECT_EQ(reader->held(), 0U);
  EXPECT_EQ(writer.calls_begun(), writer.calls_ended());
  std::string calls;
  for (const std::string& delta : writer.take_deltas()) {
    const base::json::value parsed = *base::parse_json(delta);
    const auto& function = parsed.at(0).at("function").as_object();
    if (function.contains("name")) {
      EXPECT_EQ(parsed.at(0).at("id").as_string().size(), 9U);
      EXPECT_EQ(parsed.at(0).at("type"), "function");
      calls += "|" + std::string(function.at("name").as_string());
    }
    calls += std::string(function.at("arguments").as_string());
  }
  return writer.take_text() + calls;
}

void expect(const ToolCallFormat& format, std::string_view text, std::string_view what) {
  for (std::size_t bytes = 1; bytes <= 40; ++bytes)
    EXPECT_EQ(heard(format, text, bytes), what) << text << " in pieces of " << bytes;
}

TEST(HermesToolCalls, AreReadHoweverTheyAreCut) {
  expect(
      kHermesToolCalls,
      "Let me see.\n<tool_call>\n{\"name\": \"sum\", \"arguments\": {\"a\": [1, {\"b\": \"}\"}]}}\n"
      "</tool_call>\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>",
      "Let me see.|sum{\"a\": [1, {\"b\": \"}\"}]}|now{}");
}

TEST(HermesToolCalls, MayHaveTheirMembersInAnyOrder) {
  expect(kHermesToolCalls,
         "<tool_call>{\"id\": 3, \"arguments\": {\"a\": 1}, \"name\": \"sum\"}</tool_call>",
         "|sum{\"a\": 1}");
}

TEST(HermesToolCalls, MaySpellArgumentsAsAString) {
  expect(kHermesToolCalls,
         "<tool_call>{\"name\": \"sum\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>",
         "|sum{\"a\": 1}");
}

TEST(HermesToolCalls, WithoutArgumentsHaveNone) {
  expect(kHermesToolCalls, "<tool_call>{\"name\": \"now\"}</tool_call>", "|now{}");
}

TEST(HermesToolCalls, WhatIsNoCallIsText) {
  expect(kHermesToolCalls, "a <tool_call>later</tool_call> b", "a <tool_call>later</tool_call> b");
  expect(kHermesToolCalls, "<tool_call>{\"name\": 3}", "<tool_call>{\"name\": 3}");
  expect(kHermesToolCalls, "plain <tool", "plain <tool");
}

TEST(HermesToolCalls, ThatAreCutOffEndWithWhatHasCome) {
  expect(kHermesToolCalls,
         "<tool_call>{\"name\": \"sum\", \"arguments\": {\"a\": ", "|sum{\"a\": ");
}

TEST(HermesToolCalls, TextMayFollow) {
  expect(kHermesToolCalls, "<tool_call>{\"name\": \"now\"}</tool_call> done", "done|now{}");
}

TEST(LlamaToolCalls, AreTheWholeAnswer) {
  expect(kLlamaToolCalls, "{\"name\": \"sum\", \"parameters\": {\"a\": 1}}", "|sum{\"a\": 1}");
  expect(kLlamaToolCalls,
         "<|python_tag|>{\"type\": \"function\", \"name\": \"sum\", \"parameters\": {\"a\": 1}}; "
         "{\"name\": \"now\", \"parameters\": {}}",
         "|sum{\"a\": 1}|now{}");
}

TEST(LlamaToolCalls, AnswersInJsonAreText) {
  expect(kLlamaToolCalls, "{\"name\": \"Ada\", \"age\": 36}", "{\"name\": \"Ada\", \"age\": 36}");
  expect(kLlamaToolCalls, "{\"total\": 3}", "{\"total\": 3}");
  expect(kLlamaToolCalls, " hello {\"name\": \"sum\"}", " hello {\"name\": \"sum\"}");
}

TEST(MistralToolCalls, AreReadInBothSpellings) {
  expect(kMistralToolCalls,
         "[TOOL_CALLS][{\"name\": \"sum\", \"arguments\": {\"a\": 1}}, {\"name\": \"now\", "
         "\"arguments\": {}}]",
         "|sum{\"a\": 1}|now{}");
  expect(kMistralToolCalls,
         "Well.[TOOL_CALLS]sum[ARGS]{\"a\": \"]}\"}[TOOL_CALLS]now[CALL_ID]x[ARGS]{}",
         "Well.|sum{\"a\": \"]}\"}|now{}");
}

TEST(MistralToolCalls, WhatIsNoCallIsText) {
  expect(kMistralToolCalls, "[TOOL_CALLS][1]", "[TOOL_CALLS]1]");
  expect(kMistralToolCalls, "[TOOL_CALLS]sum", "[TOOL_CALLS]sum");
}

TEST(GemmaToolCalls, AreReadInBothSpellings) {
  expect(kGemmaToolCalls,
         "<|tool_call>call:sum{a:<|\"|>x, {y<|\"|>,n:[1,2.5],o:{k:true,s:word}}<tool_call|>",
         "|sum{\"a\":\"x, {y\",\"n\":[1,2.5E0],\"o\":{\"k\":true,\"s\":\"word\"}}");
  expect(kGemmaToolCalls, "Sure. <start_function_call>call:now{}<end_function_call>",
         "Sure.|now{}");
}

TEST(GemmaToolCalls, WhatIsNoCallIsText) {
  expect(kGemmaToolCalls, " <|tool_call>sum<tool_call|>", " <|tool_call>sum<tool_call|>");
  expect(kGemmaToolCalls, "<|tool_call>call:sum{a:", "<|tool_call>call:sum{a:");
}

TEST(ToolCalls, FormatIsChosenByTheTemplate) {
  const struct {
    const char* file;
    std::string_view format;
  } cases[] = {{"Qwen-Qwen2.5-7B-Instruct", "hermes"},
               {"Qwen-Qwen3-0.6B", "hermes"},
               {"NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", "hermes"},
               {"meta-llama-Llama-3.1-8B-Instruct", "llama"},
               {"meta-llama-Llama-3.2-3B-Instruct", "llama"},
               {"mistralai-Mistral-Nemo-Instruct-2407", "mistral"},
               {"mistralai-Ministral-3-14B-Reasoning-2512", "mistral"},
               {"google-gemma-4-31B-it-interleaved", "gemma"},
               {"microsoft-Phi-3.5-mini-instruct", ""}};
  for (const auto& [file, format] : cases) {
    std::ifstream in("../shared/data/chat-templates/" + std::string(file) + ".jinja");
    if (!in) GTEST_SKIP() << "no chat templates beside the repository";
    std::stringstream text;
    text << in.rdbuf();
    const ToolCallFormat* const found = find_tool_call_format(text.str());
    EXPECT_EQ(found == nullptr ? "" : found->name, format) << file;
  }
}

}  // namespace
}  // namespace nearside::engine
