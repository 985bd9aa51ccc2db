// What is once confidential in a conversation keeps its follow-ups inside: through a real gateway.
#include "gateway/conversation.h"

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "gateway/wishes.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::string_view kAnswer =
    "The pump in hall 2 runs hot because its bearing is worn; order a new one.";

/// A cloud that is preferred and a device that may have everything; both say the same.
class ConversationTest : public ::testing::Test {
 protected:
  explicit ConversationTest(std::vector<std::string> pieces = {std::string(kAnswer)}) {
    cloud_ = &node_.add("cloud/large", policy::Place::kCloud, says(pieces, finished()));
    device_ = &node_.add("device/small", policy::Place::kDevice, says(pieces, finished()));
    node_.start();
  }

  struct Message {
    const char* role;
    std::string_view content;
  };
  static std::string body(const std::vector<Message>& messages, bool stream = false,
                          const json::object& extra = {}) {
    json::object out{{"model", "auto"}, {"stream", stream}};
    json::array list;
    for (const Message& one : messages)
      list.push_back(json::object{{"role", one.role}, {"content", one.content}});
    out["messages"] = std::move(list);
    for (const auto& member : extra) out[member.key()] = member.value();
    return json::serialize(out);
  }
  std::string target(const std::string& body, const http::Headers& headers = {}) {
    return node_.chat(body, headers).header("x-nearside-target");
  }

  static inline const http::Headers kConfidential = {{"x-nearside-sensitivity", "confidential"}};
  NodeForTest node_;
  ScriptedBackend* cloud_ = nullptr;
  ScriptedBackend* device_ = nullptr;
};

TEST_F(ConversationTest, AFollowUpIsAsSensitiveAsWhatWasDemandedBefore) {
  for (const bool stream : {false, true}) {
    const std::string_view question = stream ? "Why does it run hot?" : "Why is it so hot?";
    EXPECT_EQ(target(body({{"user", question}}, stream), kConfidential), "device/small");
    const std::string follow_up = body({{"user", question}, {"assistant", kAnswer}, {"user", "?"}});
    const Reply reply = node_.chat(follow_up);
    EXPECT_EQ(reply.header("x-nearside-target"), "device/small");
    EXPECT_EQ(reply.header("x-nearside-label"), "confidential");
    // And so on.
    EXPECT_EQ(target(body({{"user", question},
                           {"assistant", kAnswer},
                           {"user", "?"},
                           {"assistant", kAnswer},
                           {"user", "thanks"}})),
              "device/small");
  }
}

TEST_F(ConversationTest, SomebodyElsesSameFirstMessageIsNoFollowUp) {
  EXPECT_EQ(target(body({{"user", "hello"}}), kConfidential), "device/small");
  EXPECT_EQ(target(body({{"user", "hello"}})), "cloud/large");
  EXPECT_EQ(target(body({{"user", "hello"}, {"assistant", "Hi!"}, {"user", "?"}})), "cloud/large");
}

TEST_F(ConversationTest, SystemMessagesThatChangeDoNotBreakTheHistory) {
  EXPECT_EQ(target(body({{"system", "It is 10:00."}, {"user", "hello"}}), kConfidential),
            "device/small");
  EXPECT_EQ(
      target(body(
          {{"system", "It is 10:01."}, {"user", "hello"}, {"assistant", kAnswer}, {"user", "?"}})),
      "device/small");
}

TEST_F(ConversationTest, ALongAnswerIsKnownAlsoWhenTheHistoryBeforeItWasCut) {
  EXPECT_EQ(target(body({{"user", "hello"}}), kConfidential), "device/small");
  EXPECT_EQ(target(body({{"assistant", kAnswer}, {"user", "shorter, please"}})), "device/small");
  EXPECT_EQ(target(body({{"assistant", kAnswer.substr(1)}, {"user", "shorter"}})), "cloud/large");
}

TEST_F(ConversationTest, ANamedConversationKeepsItsLabelWhateverIsSent) {
  const http::Headers one = {{"x-nearside-conversation", "c1"}};
  EXPECT_EQ(target(body({{"user", "IBAN DE89370400440532013000"}}), one), "device/small");
  const Reply follow_up = node_.chat(body({{"user", "go on"}}), one);
  EXPECT_EQ(follow_up.header("x-nearside-target"), "device/small");
  EXPECT_EQ(follow_up.header("x-nearside-label"), "confidential; iban");
  EXPECT_EQ(target(body({{"user", "go on"}}), {{"x-nearside-conversation", "c2"}}), "cloud/large");
  EXPECT_EQ(target(body({{"user", "go on"}})), "cloud/large");
}

TEST_F(ConversationTest, TheBodyMayNameTheConversation) {
  const auto named = [](const char* name) {
    return json::object{{"metadata", json::object{{"conversation_id", name}}}};
  };
  EXPECT_EQ(target(body({{"user", "the recipe"}}, false, named("a")), kConfidential),
            "device/small");
  EXPECT_EQ(target(body({{"user", "go on"}}, false, named("a"))), "device/small");
  EXPECT_EQ(target(body({{"user", "go on"}}, false, named("b"))), "cloud/large");
  // A user is no conversation: one confidential question would bind all that this user ever asks.
  const json::object user{{"user", "a"}};
  EXPECT_EQ(target(body({{"user", "the recipe"}}, false, user), kConfidential), "device/small");
  EXPECT_EQ(target(body({{"user", "go on"}}, false, user)), "cloud/large");
}

TEST_F(ConversationTest, ARequestCannotLowerWhatItsConversationWas) {
  const http::Headers raise = {{"x-nearside-conversation", "c"},
                               {"x-nearside-sensitivity", "restricted"}};
  EXPECT_EQ(target(body({{"user", "hello"}}), raise), "device/small");
  const http::Headers lower = {{"x-nearside-conversation", "c"},
                               {"x-nearside-sensitivity", "public"}};
  EXPECT_EQ(node_.chat(body({{"user", "hello"}}), lower).header("x-nearside-label"), "restricted");
}

TEST_F(ConversationTest, ANameThatCannotBeOneIsRefused) {
  const auto status = [this](std::size_t bytes) {
    const http::Headers headers = {
        http::Header{"x-nearside-conversation", std::string(bytes, 'c')}};
    return node_.chat(kHello, headers).status;
  };
  EXPECT_EQ(status(kConversationBytesMax), 200);
  EXPECT_EQ(status(kConversationBytesMax + 1), 400);
}

TEST_F(ConversationTest, AskingWhereARequestWouldGoChangesNothing) {
  const http::Headers raise = {{"x-nearside-conversation", "c"},
                               {"x-nearside-sensitivity", "restricted"}};
  EXPECT_EQ(node_.request("POST", "/v1/route/explain", kHello, raise).status, 200);
  EXPECT_EQ(node_.taints.size(), 0U);
  EXPECT_EQ(target(std::string(kHello), {{"x-nearside-conversation", "c"}}), "cloud/large");
}

TEST_F(ConversationTest, WhatIsNotSensitiveTakesNoRoom) {
  EXPECT_EQ(target(std::string(kHello)), "cloud/large");
  EXPECT_EQ(node_.taints.size(), 0U);
}

TEST_F(ConversationTest, EveryDialectsFollowUpIsKnown) {
  const std::string answer(kAnswer);
  const auto post = [&](std::string_view path, const std::string& text, bool raise) {
    return node_.request("POST", path, text, raise ? kConfidential : http::Headers{})
        .header("x-nearside-target");
  };
  EXPECT_EQ(
      post("/v1/messages",
           R"({"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a1"}]})", true),
      "device/small");
  EXPECT_EQ(post("/v1/messages",
                 R"({"model":"auto","max_tokens":9,"messages":[{"role":"user","content":"a1"},
                   {"role":"assistant","content":[{"type":"text","text":")" +
                     answer + R"("}]},{"role":"user","content":"?"}]})",
                 false),
            "device/small");
  EXPECT_EQ(post("/v1/responses", R"({"model":"auto","input":"r1"})", true), "device/small");
  EXPECT_EQ(post("/v1/responses",
                 R"({"model":"auto","input":[{"role":"user","content":"r1"},{"type":"message",
             "role":"assistant","content":[{"type":"output_text","text":")" +
                     answer + R"("}]},{"role":"user","content":"?"}]})",
                 false),
            "device/small");
  EXPECT_EQ(
      post("/api/chat",
           R"({"model":"auto","stream":false,"messages":[{"role":"user","content":"o1"}]})", true),
      "device/small");
  EXPECT_EQ(post("/api/chat",
                 R"({"model":"auto","stream":false,"messages":[{"role":"user","content":"o1"},
                   {"role":"assistant","content":")" +
                     answer + R"("},{"role":"user","content":"?"}]})",
                 false),
            "device/small");
}

class AnswersWithAnAddress : public ConversationTest {
 protected:
  AnswersWithAnAddress() : ConversationTest({"Write to jo@pl", "ant-mail.org."}) {}
};

TEST_F(AnswersWithAnAddress, AnAnswerThatIsConfidentialKeepsTheFollowUpsInside) {
  for (const bool stream : {false, true}) {
    const http::Headers named = {{"x-nearside-conversation", stream ? "s" : "w"}};
    EXPECT_EQ(target(body({{"user", "whom shall I ask?"}}, stream), named), "cloud/large");
    EXPECT_EQ(target(body({{"user", "go on"}}, stream), named), "device/small");
  }
}

TEST_F(AnswersWithAnAddress, TheLedgerSaysWhatWasInTheAnswer) {
  EXPECT_EQ(target(body({{"user", "whom shall I ask?"}})), "cloud/large");
  const telemetry::Record record = node_.ledger.wait();
  EXPECT_EQ(record.sensitivity, "internal");
  const json::value decision = *base::parse_json(record.decision_json);
  EXPECT_EQ(decision.at("answer").at("sensitivity"), "confidential");
  EXPECT_EQ(decision.at("answer").at("categories"), (json::array{"email"}));
  EXPECT_EQ(decision.at("answer").at("findings_count"), 1);
  EXPECT_NE(node_.metrics.text().find("nearside_answers_total{sensitivity=\"confidential\"} 1"),
            std::string::npos);
}

/// A model that calls a tool, whose arguments are the secret.
ScriptedBackend::Script calls_a_tool() {
  return [](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
    sink(chat::ToolCallDelta{
        R"([{"index":0,"id":"c1","type":"function","function":{"name":"find","arguments":""}}])"});
    sink(chat::ToolCallDelta{R"([{"index":0,"function":{"arguments":"{\"of\":\"pump\"}"}}])"});
    chat::Finished end;
    end.reason = chat::FinishReason::kToolCalls;
    sink(end);
    return {};
  };
}

TEST(Conversation, ToolResultsStayInsideWithTheTurnThatAskedForThem) {
  NodeForTest node;
  node.add("cloud/large", policy::Place::kCloud, calls_a_tool());
  node.add("device/small", policy::Place::kDevice, calls_a_tool());
  node.start();
  const std::string begin =
      R"({"model":"auto","tools":[{"type":"function","function":{"name":"find",
      "parameters":{}}}],"messages":[{"role":"user","content":"look it up"})";
  const std::string result = R"(,{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":
      "function","function":{"name":"find","arguments":"{ \"of\": \"pump\" }"}}]},
      {"role":"tool","tool_call_id":"c1","content":"it is the bearing"})";
  const auto target = [&](const std::string& body, const http::Headers& headers = {}) {
    return node.chat(body, headers).header("x-nearside-target");
  };
  EXPECT_EQ(target(begin + result + "]}"), "cloud/large");
  EXPECT_EQ(target(begin + "]}", {{"x-nearside-sensitivity", "confidential"}}), "device/small");
  EXPECT_EQ(target(begin + result + "]}"), "device/small");
}

TEST(Conversation, AnAnswerThatBrokeOffIsKnownAsFarAsItCame) {
  NodeForTest node;
  const auto breaks = says({"Half of ", "it"}, failed(base::Code::kUnavailable));
  node.add("cloud/large", policy::Place::kCloud, breaks);
  node.add("device/small", policy::Place::kDevice, breaks);
  node.start();
  const http::Headers raise = {{"x-nearside-sensitivity", "confidential"}};
  EXPECT_FALSE(node.chat(kHelloStream, raise).complete);
  const Reply reply = node.request("POST", "/v1/route/explain",
                                   R"({"model":"auto","messages":[{"role":"user","content":"hello"},
      {"role":"assistant","content":"Half of it"},{"role":"user","content":"go on"}]})");
  EXPECT_EQ(reply.json().at("chosen"), "device/small");
}

TEST(Conversation, CallersWithOtherKeysHaveConversationsOfTheirOwn) {
  policy::TaintMemory memory({1, 2}, {});
  chat::Request request;
  const auto trail = [&](std::string_view tenant, std::string_view key) {
    return ConversationTrail(memory, tenant, key, "c", request);
  };
  trail("a", "k").remember_asked({policy::Sensitivity::kRestricted, {}}, {});
  EXPECT_EQ(trail("a", "k").inherited({}).level, policy::Sensitivity::kRestricted);
  EXPECT_EQ(trail("b", "k").inherited({}).level, policy::Sensitivity::kPublic);
  EXPECT_EQ(trail("a", "l").inherited({}).level, policy::Sensitivity::kPublic);
}

}  // namespace
}  // namespace nearside::gateway
