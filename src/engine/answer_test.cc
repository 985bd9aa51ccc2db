#include "engine/answer.h"

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

/// Events as text: thoughts in (), calls in {}, tokens with probabilities as their count in [].
std::string told(const std::vector<chat::Event>& events) {
  std::string out;
  for (const chat::Event& event : events) {
    if (const auto* text = std::get_if<chat::TextDelta>(&event)) {
      out += text->text;
      if (!text->logprobs.empty()) out += "[" + std::to_string(text->logprobs.size()) + "]";
    } else if (const auto* thought = std::get_if<chat::ReasoningDelta>(&event)) {
      out += "(" + thought->text + ")";
    } else {
      out += "{}";
    }
  }
  return out;
}

chat::TokenLogprob probability(std::string bytes) { return {std::move(bytes), -1.0F, {}}; }

/// One event list for each push and one for the end.
std::string run(Answer& answer, const std::vector<std::string>& tokens, bool logprobs) {
  std::string out;
  for (const std::string& token : tokens) {
    std::vector<chat::Event> events;
    answer.push(token, logprobs ? std::optional(probability(token)) : std::nullopt, events);
    out += told(events) + "/";
    if (answer.stopped()) break;
  }
  std::vector<chat::Event> events;
  answer.finish(events);
  return out + told(events);
}

TEST(Answer, TellsThoughtsTextAndCallsApart) {
  AnswerForm form;
  form.reasoning = &reasoning_markers()[0];
  form.tools = &kHermesToolCalls;
  Answer answer(form, {}, 0);
  EXPECT_EQ(run(answer,
                {"<think>", "hm", "</think>", "\n", "Ok", "<tool_call>", "{\"name\": \"now\"}",
                 "</tool_call>"},
                false),
            "/(hm)///Ok//{}{}//");
  EXPECT_TRUE(answer.called_tools());
}

TEST(Answer, ProbabilitiesGoWithTheTextOfTheirTokens) {
  Answer answer({}, {"END"}, 0);
  EXPECT_EQ(run(answer, {"a", "bE", "N", "x", "\xC3", "\xA9", "E", "N", "D", "y"}, true),
            "a[1]/b//ENx[3]//é[2]////");
}

TEST(Answer, ThoughtsHaveNoProbabilities) {
  AnswerForm form;
  form.reasoning = &reasoning_markers()[0];
  Answer answer(form, {}, 0);
  EXPECT_EQ(run(answer, {"<think>", "a", "b", "</think>", "c", "d"}, true), "/(a)/(b)//c[1]/d[1]/");
}

TEST(Answer, SaysWhichStringStoppedIt) {
  Answer answer({}, {"xx", "stop"}, 0);
  EXPECT_EQ(run(answer, {"a st", "op b"}, false), "a //");
  EXPECT_TRUE(answer.stopped());
  EXPECT_EQ(answer.stop_sequence(), "stop");
}

TEST(Answer, EndsWithTheFirstCallWhereOnlyOneIsWanted) {
  AnswerForm form;
  form.tools = &kMistralToolCalls;
  form.one_call_only = true;
  Answer answer(form, {}, 0);
  std::vector<chat::Event> events;
  answer.push("[TOOL_CALLS]f[ARGS]{}", std::nullopt, events);
  EXPECT_TRUE(answer.stopped());
}

TEST(Answer, HalfACharacterAtTheEndIsReplaced) {
  Answer answer({}, {}, 0);
  EXPECT_EQ(run(answer, {"a", "\xC3"}, true), "a[1]//\xEF\xBF\xBD[1]");
}

}  // namespace
}  // namespace nearside::engine
