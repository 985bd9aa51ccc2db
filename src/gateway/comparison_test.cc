#include "gateway/comparison.h"

#include <gtest/gtest.h>

namespace nearside::gateway {
namespace {

namespace json = base::json;

WholeAnswer says(std::string text, chat::FinishReason reason = chat::FinishReason::kStop) {
  WholeAnswer answer;
  answer.choices.front().text = std::move(text);
  answer.choices.front().reason = reason;
  answer.end.reason = reason;
  return answer;
}

WholeChoice calls(std::string_view name, std::string_view arguments) {
  WholeChoice choice;
  choice.tool_calls = {
      json::object{{"id", std::string(name) + "1"},
                   {"function", json::object{{"name", name}, {"arguments", arguments}}}}};
  return choice;
}

TEST(Comparison, EqualAnswersNeedNotBeEqualBytes) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"Paris", "paris.", true},
      {"**Paris** is\n  the capital", "Paris is the capital!", true},
      {"Paris", "Lyon", false},
      {"4 2", "42", false},
      {"M\xC3\xBCller", "M\xC3\xBCller.", true},
      {R"({"a": 1, "b": [2, 3]})", R"({"b":[2,3],"a":1})", true},
      {R"({"a": 1})", R"({"a": 2})", false},
  };
  for (const auto& [one, other, same] : cases)
    EXPECT_EQ(same_answer(says(one).choices.front(), says(other).choices.front()), same)
        << one << " / " << other;
}

TEST(Comparison, CallsAreEqualByNameAndArguments) {
  EXPECT_TRUE(same_answer(calls("stop", R"({"line": 3})"), calls("stop", R"({"line":3})")));
  EXPECT_FALSE(same_answer(calls("stop", R"({"line":3})"), calls("stop", R"({"line":4})")));
  EXPECT_FALSE(same_answer(calls("stop", "{}"), calls("start", "{}")));
  EXPECT_FALSE(same_answer(calls("stop", "{}"), says("stop").choices.front()));
}

TEST(Comparison, WhatFailedIsBadAndWhatAgreesIsGood) {
  const chat::AnswerFormat text;
  chat::AnswerFormat schema;
  schema.kind = chat::AnswerFormat::Kind::kJsonSchema;
  schema.text = R"({"type":"object","required":["a"]})";
  const auto outcome = [](const Comparison& c) { return std::tuple(c.outcome, c.first, c.second); };
  const auto is = [](std::string_view word, std::optional<double> a, std::optional<double> b) {
    return std::tuple(word, a, b);
  };
  EXPECT_EQ(outcome(compare(says("Paris"), says("paris"), text, {})), is("agreed", 1.0, 1.0));
  EXPECT_EQ(outcome(compare(says("Paris"), says("Lyon"), text, {})), is("differed", {}, {}));
  EXPECT_EQ(outcome(compare(says("Paris"), says(""), text, {})), is("second_failed", 1.0, 0.0));
  EXPECT_EQ(outcome(compare(says("I cannot help with that."), says("Paris"), text, {})),
            is("first_failed", 0.0, 1.0));
  EXPECT_EQ(outcome(compare(says(R"({"a":1})"), says(R"({"b":1})"), schema, {})),
            is("second_failed", 1.0, 0.0));
  EXPECT_EQ(outcome(compare(says(""), says("   I can't do this."), text, {})),
            is("both_failed", 0.0, 0.0));
  EXPECT_EQ(outcome(compare(says("It goes on and", chat::FinishReason::kLength), says("Paris"),
                            text, {})),
            is("first_failed", 0.0, 1.0));
  WholeAnswer unsure = says("Lyon");
  unsure.choices.front().logprobs = {{"Lyon", -4.0F, {}}};
  EXPECT_EQ(outcome(compare(says("Paris"), unsure, text, -1.0)), is("second_failed", 1.0, 0.0));
  EXPECT_EQ(outcome(compare(says("Paris"), unsure, text, {})), is("differed", {}, {}));
}

TEST(Comparison, TheJudgeSeesBothAnswersAndNoMoreThanTheBound) {
  chat::Request request;
  request.messages = {
      json::object{{"role", "user"}, {"content", std::string(100'000, 'x') + " capital?"}}};
  const chat::Request judge = judge_request(request, says("Paris"), says("Lyon"));
  const std::string sent = json::serialize(judge.messages);
  EXPECT_LT(sent.size(), 2 * kJudgedBytesMax);
  EXPECT_NE(sent.find("capital?"), std::string::npos);
  EXPECT_LT(sent.find("Paris"), sent.find("Lyon"));
  EXPECT_EQ(judge.format.kind, chat::AnswerFormat::Kind::kJsonSchema);
}

TEST(Comparison, VerdictsAreReadAndNothingElseIs) {
  EXPECT_EQ(read_verdict(R"({"good":"a"})").first, 1.0);
  EXPECT_EQ(read_verdict(R"({"good":"a"})").second, 0.0);
  EXPECT_EQ(read_verdict("Well: ```{\"good\": \"both\"}```").second, 1.0);
  EXPECT_EQ(read_verdict(R"({"good":"neither"})").first, 0.0);
  for (const char* text : {"", "a", "{", "}{", R"({"good":"c"})", R"({"better":"a"})", "[]"})
    EXPECT_FALSE(read_verdict(text).decided()) << text;
}

}  // namespace
}  // namespace nearside::gateway
