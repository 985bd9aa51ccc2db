// Answers that say of themselves that they failed, and who is asked then.
#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "gateway/schema_check.h"
#include "gateway/verdict.h"

namespace nearside::gateway {
namespace {

using base::Code;
using policy::Place;
using telemetry::Outcome;

WholeAnswer answer(std::string text, std::vector<float> logprobs = {}) {
  WholeAnswer whole;
  whole.choices[0].text = std::move(text);
  for (const float logprob : logprobs) whole.choices[0].logprobs.push_back({"t", logprob, {}});
  return whole;
}

std::string verdict(const WholeAnswer& whole, const chat::AnswerFormat& format = {},
                    const policy::Cascade& cascade = {}) {
  return std::string(failed_because(whole, format, cascade).value_or("good"));
}

TEST(Verdict, SeesAnswersThatAreNone) {
  EXPECT_EQ(verdict(answer("")), "answer_empty");
  EXPECT_EQ(verdict(answer(" \n")), "answer_empty");
  EXPECT_EQ(verdict(answer("No.")), "good");
  WholeAnswer calls = answer("");
  calls.choices[0].tool_calls.push_back(base::json::object{});
  EXPECT_EQ(verdict(calls), "good");
}

TEST(Verdict, SeesRefusals) {
  for (const char* text :
       {"I'm sorry, but I can't help with that.",
        "I\xe2\x80\x99m sorry, but I can\xe2\x80\x99t do that",
        "I cannot assist with this request.", "Unfortunately, I am unable to open files.",
        "As an AI language model, I do not know.", "Es tut mir leid, aber ich kann das nicht tun."})
    EXPECT_EQ(verdict(answer(text)), "answer_refused") << text;
  for (const char* text : {"I can see two causes.", "Sorry for the delay! The valve leaks.",
                           "It is a pity that I cannot be there, but here is the plan."})
    EXPECT_EQ(verdict(answer(text)), "good") << text;
  EXPECT_EQ(verdict(answer("I cannot say for sure, but " + std::string(700, 'x'))), "good");
  WholeAnswer filtered = answer("half");
  filtered.choices[0].reason = chat::FinishReason::kContentFilter;
  EXPECT_EQ(verdict(filtered), "answer_refused");
}

TEST(Verdict, SeesAnswersOffTheirSchema) {
  const chat::AnswerFormat object{chat::AnswerFormat::Kind::kJsonObject, "", ""};
  EXPECT_EQ(verdict(answer(R"({"a":1})"), object), "good");
  EXPECT_EQ(verdict(answer(R"({"a":)"), object), "answer_off_schema");
  EXPECT_EQ(verdict(answer("[1]"), object), "answer_off_schema");
  const chat::AnswerFormat schema{
      chat::AnswerFormat::Kind::kJsonSchema,
      R"({"type":"object","required":["level"],"properties":{"level":{"enum":["low","high"]}}})",
      ""};
  EXPECT_EQ(verdict(answer(R"({"level":"low"})"), schema), "good");
  EXPECT_EQ(verdict(answer(R"({"level":"middle"})"), schema), "answer_off_schema");
  EXPECT_EQ(verdict(answer("{}"), schema), "answer_off_schema");
}

TEST(Verdict, SeesAnswersThatWereGuessed) {
  const policy::Cascade cascade{.logprob_mean_min = -1.0};
  EXPECT_EQ(verdict(answer("x", {-0.1F, -1.5F}), {}, cascade), "good");
  EXPECT_EQ(verdict(answer("x", {-0.9F, -1.5F}), {}, cascade), "answer_unsure");
  EXPECT_EQ(verdict(answer("x"), {}, cascade), "good");  // nobody said how sure it was
}

TEST(SchemaCheck, NamesWhatIsWrongAndWhere) {
  const auto said = [](const char* schema, const char* value) {
    return schema_violation(base::parse_json(schema).value(), base::parse_json(value).value())
        .value_or("kept");
  };
  EXPECT_EQ(said(R"({"type":"integer"})", "1.5"), R"(answer: wants "integer")");
  EXPECT_EQ(said(R"({"type":["null","integer"]})", "2.0"), "kept");
  EXPECT_EQ(said(R"({"properties":{"a":{"type":"string"}}})", R"({"a":1})"),
            R"(answer.a: wants "string")");
  EXPECT_EQ(said(R"({"properties":{},"additionalProperties":false})", R"({"b":1})"),
            "answer.b: is not in the schema");
  EXPECT_EQ(said(R"({"items":{"minimum":3}})", "[3,2]"), "answer[1]: is too small");
  EXPECT_EQ(said(R"({"minItems":1})", "[]"), "answer: has too few items");
  EXPECT_EQ(said(R"({"maxLength":2})", R"("äöü")"), "answer: is too large");
  EXPECT_EQ(said(R"({"anyOf":[{"type":"null"},{"const":1}]})", "2"), "answer: is none of anyOf");
  EXPECT_EQ(said(R"({"$ref":"#/$defs/a","$defs":{"a":{"required":["x"]}}})", "{}"),
            "answer: 'x' is missing");
  // A schema that refers to itself ends.
  EXPECT_EQ(said(R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}})", "1"), "kept");
  EXPECT_EQ(said(R"({"frobnicate":7})", "1"), "kept");
}

class CascadeTest : public testing::Test {
 protected:
  /// A cheap target of little quality, and a sure one.
  void serve(ScriptedBackend::Script cheap, ScriptedBackend::Script sure, bool local = false) {
    cheap_ = &node.add("device/cheap", Place::kDevice, std::move(cheap), local);
    sure_ = &node.add("cloud/sure", Place::kCloud, std::move(sure));
    node.config.policy.targets[0].quality.prior = 0.6;
    node.config.policy.targets[0].cost = policy::Price{cheap_usd, cheap_usd, {}};
    node.config.policy.targets[1].cost = policy::Price{100, 100, {}};
    node.config.policy.objective.quality_min = 0.8;
    policy::Cascade cascade;
    cascade.quality_min = 0.5;
    cascade.logprob_mean_min = -1;
    cascade.streams = streams;
    node.config.policy.objective.cascade = cascade;
    node.start();
  }
  static std::string content(const Reply& reply) {
    return std::string(reply.json().at("choices").at(0).at("message").at("content").as_string());
  }
  NodeForTest node;
  bool streams = false;
  double cheap_usd = 1;
  ScriptedBackend* cheap_ = nullptr;
  ScriptedBackend* sure_ = nullptr;
};

TEST_F(CascadeTest, AGoodCheapAnswerIsEnough) {
  serve(says({"The valve leaks."}, finished()), says({"x"}, finished()));
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(content(reply), "The valve leaks.");
  EXPECT_EQ(reply.header("x-nearside-target"), "device/cheap");
  EXPECT_EQ(sure_->calls(), 0);
}

TEST_F(CascadeTest, AFailedAnswerIsAskedAgainAndBothArePaid) {
  serve(says({"I cannot help with that."}, finished(10, 5)), says({"Close it."}, finished(10, 3)));
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(content(reply), "Close it.");
  EXPECT_EQ(reply.header("x-nearside-target"), "cloud/sure");
  const telemetry::Record record = node.ledger.wait();
  ASSERT_EQ(record.attempts.size(), 2U);
  EXPECT_EQ(record.attempts[0].outcome, Outcome::kFailed);
  EXPECT_EQ(record.attempts[0].error_code, "answer_refused");
  EXPECT_EQ(record.attempts[1].outcome, Outcome::kOk);
  EXPECT_EQ(record.outcome, Outcome::kOk);
  EXPECT_NEAR(*record.cost_usd, (15 * 1 + 13 * 100) / 1e6, 1e-12);
}

TEST_F(CascadeTest, AConfidentialRequestNeverEscalatesToTheCloud) {
  serve(says({""}, finished()), says({"x"}, finished()));
  const Reply reply = node.chat(
      R"({"model":"auto","messages":[{"role":"user","content":"Mail it to jo@plant.example"}]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("x-nearside-target"), "device/cheap");
  EXPECT_EQ(sure_->calls(), 0);
}

TEST_F(CascadeTest, TheFirstAnswerIsGivenWhenNobodyDoesBetter) {
  serve(says({"I cannot say."}, finished(10, 5)), says({}, failed(Code::kUnavailable)));
  const Reply reply = node.chat(kHello);
  EXPECT_EQ(content(reply), "I cannot say.");
  EXPECT_EQ(reply.header("x-nearside-target"), "device/cheap");
  const telemetry::Record record = node.ledger.wait();
  EXPECT_EQ(record.outcome, Outcome::kOk);
  EXPECT_EQ(record.target, "device/cheap");
  EXPECT_EQ(record.attempts.size(), 2U);
}

TEST_F(CascadeTest, TheFirstAnswerIsGivenWhenTheSecondIsLate) {
  std::promise<chat::Sink> never;
  serve(says({"I cannot say."}, finished()),
        [&](const chat::Request&, chat::Sink sink) -> std::function<void()> {
          never.set_value(std::move(sink));
          return {};
        });
  const Reply reply = node.chat(kHello, {{"x-nearside-deadline-ms", "60"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(content(reply), "I cannot say.");
}

TEST_F(CascadeTest, AnUnsureLocalAnswerIsAskedAgainWithoutShowingItsLogprobs) {
  std::atomic<bool> asked{false};
  const auto unsure = [&](const chat::Request& request,
                          const chat::Sink& sink) -> std::function<void()> {
    asked = request.logprobs.has_value();
    chat::TextDelta text;
    text.text = request.messages.front().at("content") == "hard" ? "maybe" : "sure";
    text.logprobs = {{"t", text.text == "sure" ? -0.1F : -3.0F, {}}};
    sink(text);
    sink(finished());
    return {};
  };
  serve(unsure, says({"certain"}, finished()), true);
  EXPECT_EQ(content(node.chat(R"({"model":"auto","messages":[{"role":"user","content":"hard"}]})")),
            "certain");
  EXPECT_TRUE(asked);
  EXPECT_EQ(node.ledger.wait().attempts[0].error_code, "answer_unsure");
  const Reply easy = node.chat(R"({"model":"auto","messages":[{"role":"user","content":"easy"}]})");
  EXPECT_EQ(content(easy), "sure");
  EXPECT_TRUE(easy.json().at("choices").at(0).at("logprobs").is_null());
}

TEST_F(CascadeTest, AStreamIsNotHeldUnlessTheRouteSaysSo) {
  serve(says({"I cannot help."}, finished()), says({"Close it."}, finished()));
  EXPECT_EQ(node.chat(kHelloStream).header("x-nearside-target"), "cloud/sure");
  EXPECT_EQ(cheap_->calls(), 0);
}

TEST_F(CascadeTest, AHeldStreamShowsOnlyTheJudgedAnswer) {
  streams = true;
  serve(says({"I cannot ", "help."}, finished()), says({"Close ", "it."}, finished()));
  const Reply reply = node.chat(kHelloStream);
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body.find("cannot"), std::string::npos);
  EXPECT_NE(reply.body.find("Close it."), std::string::npos);
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(CascadeTest, ABudgetReservesForBothAnswers) {
  QuotaRule rule;
  rule.name = "day";
  rule.subject = QuotaRule::Subject::kRoute;
  rule.of = "all";
  rule.budget_usd = 0.12;
  cheap_usd = 50;
  node.config.quotas = {rule};
  serve(says({"x"}, finished(10, 5)), says({"x"}, finished(10, 3)));
  // A thousand tokens of the sure target are 0.10, those of the cheap one 0.05 more.
  const std::string body =
      R"({"model":"all","max_tokens":1000,"messages":[{"role":"user","content":"hello"}])";
  EXPECT_EQ(node.chat(body + "}").status, 429);
  EXPECT_EQ(node.chat(body + R"(,"stream":true})").status, 200);  // asks one target
}

}  // namespace
}  // namespace nearside::gateway
