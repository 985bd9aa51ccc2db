#include "policy/pseudonyms/hidden_request.h"

#include <gtest/gtest.h>

#include "policy/pseudonyms/pseudonymizer.h"

namespace nearside::policy {
namespace {

namespace json = base::json;

const Labeler& labeler() {
  static const Labeler instance = *Labeler::create({});
  return instance;
}

PseudonymRule rule() {
  PseudonymRule out;
  out.detectors = usual_pseudonym_detectors();
  return out;
}

chat::Request chat_of(std::string_view messages, std::string_view tools = "[]") {
  chat::Request request;
  request.messages = base::parse_json(messages)->as_array();
  request.tools = base::parse_json(tools)->as_array();
  return request;
}

TEST(HiddenRequest, HasPlaceholdersInEveryTextThatLeaves) {
  chat::Request request = chat_of(
      R"([{"role":"user","name":"anna","content":[{"type":"text","text":"mail anna@plant.example"}]},
          {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":
            {"name":"send","arguments":"{\"to\":\"anna\\u0040plant.example\",\"card\":4111111111111111}"}}]},
          {"role":"tool","tool_call_id":"c1","content":"sent to bert@plant.example"}])",
      R"([{"type":"function","function":{"name":"send","description":"as anna@plant.example does",
           "parameters":{"properties":{"to":{"enum":["bert@plant.example"]}}}}}])");
  request.stop = {"bert@plant.example"};
  request.format = {chat::AnswerFormat::Kind::kJsonSchema, R"({"enum":["anna@plant.example"]})",
                    "a"};
  request.original = {{"user", "anna@plant.example"}};
  request.original_text = R"({"user":"anna@plant.example"})";
  const auto hidden = hide(labeler(), rule(), request);
  ASSERT_TRUE(hidden) << hidden.error().message;
  const chat::Request& sent = hidden->request;
  EXPECT_EQ(
      json::serialize(sent.messages),
      R"([{"role":"user","content":[{"type":"text","text":"mail [EMAIL_1]"}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":)"
      R"({"name":"send","arguments":"{\"to\":\"[EMAIL_1]\",\"card\":\"[CARD_1]\"}"}}]},)"
      R"({"role":"tool","tool_call_id":"c1","content":"sent to [EMAIL_2]"}])");
  EXPECT_EQ(json::serialize(sent.tools),
            R"([{"type":"function","function":{"name":"send","description":"as [EMAIL_1] does",)"
            R"("parameters":{"properties":{"to":{"enum":["[EMAIL_2]"]}}}}}])");
  EXPECT_EQ(sent.stop, std::vector<std::string>{"[EMAIL_2]"});
  EXPECT_EQ(sent.format.text, R"({"enum":["[EMAIL_1]"]})");
  EXPECT_TRUE(sent.original.empty());
  EXPECT_TRUE(sent.original_text.empty());
  EXPECT_EQ(hidden->table->value("[CARD_1]"), "4111111111111111");
}

TEST(HiddenRequest, AFollowUpGetsTheSamePlaceholders) {
  const auto first =
      hide(labeler(), rule(), chat_of(R"([{"role":"user","content":"anna@plant.example"}])"));
  const auto second =
      hide(labeler(), rule(), chat_of(R"([{"role":"user","content":"anna@plant.example"},
                                       {"role":"assistant","content":"and bert@plant.example?"},
                                       {"role":"user","content":"no, ANNA@plant.example"}])"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->request.messages[0], second->request.messages[0]);
  EXPECT_EQ(second->request.messages[2].at("content"), "no, [EMAIL_1]");
}

TEST(HiddenRequest, IsNotMadeWhereAValueWouldStay) {
  const auto named = hide(
      labeler(), rule(),
      chat_of(
          R"([{"role":"user","content":"pay 4111111111111111"}])",
          R"([{"type":"function","function":{"name":"pay_4111111111111111","parameters":{}}}])"));
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, base::Code::kUnsupported);
  chat::Request with_regex = chat_of(R"([{"role":"user","content":"hello"}])");
  with_regex.format = {chat::AnswerFormat::Kind::kRegex, "anna@plant.example|none", ""};
  EXPECT_FALSE(hide(labeler(), rule(), with_regex));
}

TEST(HiddenRequest, VectorsAndLogProbabilitiesAreNotForPlaceholders) {
  chat::Request vectors;
  vectors.kind = chat::Request::Kind::kEmbedding;
  EXPECT_FALSE(why_not_hidden(vectors).empty());
  EXPECT_FALSE(hide(labeler(), rule(), vectors));
  chat::Request logprobs = chat_of("[]");
  logprobs.logprobs = 3;
  EXPECT_FALSE(why_not_hidden(logprobs).empty());
  EXPECT_TRUE(why_not_hidden(chat_of("[]")).empty());
}

}  // namespace
}  // namespace nearside::policy
