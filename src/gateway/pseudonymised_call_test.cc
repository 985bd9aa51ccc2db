// Placeholders out, values back: through a real gateway, with a recording upstream.
#include "gateway/pseudonymised_call.h"

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "policy/pseudonyms/pseudonymizer.h"
#include "upstream/backend.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;
using policy::Place;

constexpr std::string_view kMail =
    R"({"model":"auto","user":"anna@plant-mail.org","messages":[{"role":"user","content":"Write to anna@plant-mail.org and bert@plant-mail.org"}])";

std::string mail(bool stream, std::string_view more = "") {
  return std::string(kMail).append(more).append(stream ? R"(,"stream":true})" : "}");
}

/// Records what it was asked and answers with these pieces.
struct Recorder {
  explicit Recorder(std::vector<chat::Event> answer) : events(std::move(answer)) {}
  ScriptedBackend::Script script() {
    return [this](chat::Request request, const chat::Sink& sink) -> std::function<void()> {
      seen.push_back(std::move(request));
      for (const chat::Event& event : events) sink(event);
      return {};
    };
  }
  std::vector<chat::Event> events;
  std::vector<chat::Request> seen;
};

chat::Event piece(std::string_view text, std::uint32_t choice = 0) {
  chat::TextDelta delta;
  delta.text = text;
  delta.choice = choice;
  return delta;
}

void allow_pseudonyms(NodeForTest& node) {
  policy::PseudonymRule rule;
  rule.targets = {"cloud/large"};
  rule.detectors = policy::usual_pseudonym_detectors();
  node.config.policy.pseudonyms = rule;
}

std::string text_of(const chat::Request& request) {
  return json::serialize(request.messages) + json::serialize(request.original) +
         request.original_text + request.prompt;
}

/// The whole answer's text, streamed or not.
std::string said(const Reply& reply, bool stream) {
  if (!stream)
    return std::string(reply.json().at("choices").at(0).at("message").at("content").as_string());
  std::string text;
  for (std::size_t at = 0; (at = reply.body.find("data: {", at)) != std::string::npos; ++at) {
    const auto event =
        *base::parse_json(reply.body.substr(at + 6, reply.body.find('\n', at) - at - 6));
    for (const json::value& choice : event.at("choices").as_array())
      if (const auto* content = choice.at("delta").as_object().if_contains("content"))
        text += std::string_view(content->as_string());
  }
  return text;
}

TEST(PseudonymisedCall, TheTargetSeesPlaceholdersAndTheCallerSeesValues) {
  for (const bool stream : {false, true}) {
    Recorder cloud({piece("Dear [EMA"), piece("IL_1], [EM"), piece("AIL_2"),
                    piece("] and [EMAIL_3"), piece("] [x"), finished()});
    NodeForTest node;
    allow_pseudonyms(node);
    node.add("cloud/large", Place::kCloud, cloud.script());
    node.add("device/small", Place::kDevice, says({"local"}, finished()));
    node.start();
    const Reply reply = node.chat(mail(stream));
    EXPECT_EQ(reply.header("x-nearside-target"), "cloud/large");
    EXPECT_EQ(reply.header("x-nearside-pseudonyms"), "on");
    EXPECT_TRUE(reply.header("x-nearside-label").starts_with("confidential; email"));
    EXPECT_EQ(said(reply, stream),
              "Dear anna@plant-mail.org, bert@plant-mail.org and [EMAIL_3] [x");
    ASSERT_EQ(cloud.seen.size(), 1U);
    const std::string sent = text_of(cloud.seen[0]);
    EXPECT_EQ(sent.find("plant-mail"), std::string::npos);
    EXPECT_NE(sent.find("Write to [EMAIL_1] and [EMAIL_2]"), std::string::npos);
  }
}

TEST(PseudonymisedCall, ArgumentsOfToolCallsAreRestoredAsJson) {
  const std::string call =
      R"([{"index":0,"id":"c","type":"function","function":{"name":"send","arguments":"{\"to\":\"[EM"}}])";
  for (const bool stream : {false, true}) {
    chat::Finished end;
    end.reason = chat::FinishReason::kToolCalls;
    Recorder cloud({chat::ToolCallDelta{call},
                    chat::ToolCallDelta{
                        R"([{"index":0,"function":{"arguments":"AIL_1]\",\"x\":\"[EMAIL_2"}}])"},
                    chat::ToolCallDelta{R"([{"index":0,"function":{"arguments":"]\"}"}}])"}, end});
    NodeForTest node;
    allow_pseudonyms(node);
    node.add("cloud/large", Place::kCloud, cloud.script());
    node.add("device/small", Place::kDevice, says({"local"}, finished()));
    node.start();
    const Reply reply = node.chat(mail(
        stream, R"(,"tools":[{"type":"function","function":{"name":"send","parameters":{}}}])"));
    ASSERT_EQ(reply.header("x-nearside-target"), "cloud/large");
    if (!stream) {
      EXPECT_EQ(reply.json()
                    .at("choices")
                    .at(0)
                    .at("message")
                    .at("tool_calls")
                    .at(0)
                    .at("function")
                    .at("arguments"),
                R"({"to":"anna@plant-mail.org","x":"bert@plant-mail.org"})");
    }
    EXPECT_NE(reply.body.find("anna@plant-mail.org"), std::string::npos);
    EXPECT_NE(reply.body.find("bert@plant-mail.org"), std::string::npos);
    EXPECT_EQ(reply.body.find("EMAIL"), std::string::npos);
  }
}

TEST(PseudonymisedCall, AFallbackInsideGetsTheRequestAsItWas) {
  Recorder cloud({failed(base::Code::kUnavailable)});
  Recorder device({piece("local [EMAIL_1]"), finished()});
  NodeForTest node;
  allow_pseudonyms(node);
  node.add("cloud/large", Place::kCloud, cloud.script());
  node.add("device/small", Place::kDevice, device.script());
  node.start();
  const Reply reply = node.chat(mail(false));
  EXPECT_EQ(reply.header("x-nearside-target"), "device/small");
  EXPECT_EQ(reply.header("x-nearside-pseudonyms"), "");
  EXPECT_EQ(said(reply, false), "local [EMAIL_1]");
  ASSERT_EQ(device.seen.size(), 1U);
  EXPECT_EQ(device.seen[0].original_text, mail(false));
  EXPECT_EQ(text_of(cloud.seen.at(0)).find("plant-mail"), std::string::npos);
}

TEST(PseudonymisedCall, WhatCannotBeReplacedStaysInside) {
  Recorder cloud({piece("cloud"), finished()});
  NodeForTest node;
  allow_pseudonyms(node);
  node.add("cloud/large", Place::kCloud, cloud.script());
  node.add("device/small", Place::kDevice, says({"local"}, finished()));
  node.start();
  const auto target = [&](const std::string& body, const http::Headers& headers = {}) {
    return node.chat(body, headers).header("x-nearside-target");
  };
  // Demanded by the caller: no replacement changes that.
  EXPECT_EQ(target(mail(false), {{"x-nearside-sensitivity", "confidential"}}), "device/small");
  // Restricted, whatever else is in it.
  EXPECT_EQ(target(R"({"model":"auto","messages":[{"role":"user","content":
      "anna@plant-mail.org, password: Tr0ub4dor&3"}]})"),
            "device/small");
  // What it is about is in no single value.
  EXPECT_EQ(target(R"({"model":"auto","messages":[{"role":"user","content":
      "My patient was diagnosed with diabetes, write to anna@plant-mail.org"}]})"),
            "device/small");
  EXPECT_EQ(target(mail(false, R"(,"logprobs":true)")), "device/small");
  EXPECT_TRUE(cloud.seen.empty());
  // A value in a tool's name shows only when it is tried: the next target takes over.
  EXPECT_EQ(target(mail(false, R"(,"tools":[{"type":"function","function":{"name":
      "pay_4111111111111111","parameters":{}}}])")),
            "device/small");
  EXPECT_TRUE(cloud.seen.empty());
  // What nothing is found in goes as it is.
  EXPECT_EQ(target(std::string(kHello)), "cloud/large");
  EXPECT_EQ(cloud.seen.at(0).original_text, kHello);
}

TEST(PseudonymisedCall, RulesHoldForTheRequestAsItWas) {
  Recorder cloud({piece("cloud"), finished()});
  NodeForTest node;
  allow_pseudonyms(node);
  policy::Rule rule;
  rule.name = "mail-stays";
  rule.categories = {"email"};
  rule.places = policy::Places().add(Place::kDevice);
  node.config.policy.rules = {rule};
  node.add("cloud/large", Place::kCloud, cloud.script());
  node.add("device/small", Place::kDevice, says({"local"}, finished()));
  node.start();
  EXPECT_EQ(node.chat(mail(false)).header("x-nearside-target"), "device/small");
}

TEST(PseudonymisedCall, ExplanationsSaySo) {
  NodeForTest node;
  allow_pseudonyms(node);
  node.add("cloud/large", Place::kCloud, says({"x"}, finished()));
  node.add("device/small", Place::kDevice, says({"x"}, finished()));
  node.start();
  const json::object decision = node.request("POST", "/v1/route/explain", mail(false)).json();
  EXPECT_EQ(decision.at("chosen"), "cloud/large");
  const json::value& cloud = decision.at("considered").at(0);
  EXPECT_EQ(cloud.at("pseudonyms"), true);
  EXPECT_NE(std::string_view(cloud.at("standing").as_string()).find("with placeholders"),
            std::string_view::npos);
  EXPECT_EQ(decision.at("considered").at(1).at("pseudonyms"), false);
  EXPECT_EQ(decision.at("request").at("sensitivity_with_pseudonyms"), "internal");
}

TEST(PseudonymisedCall, AConversationGoesOnWithTheSamePlaceholders) {
  Recorder cloud({piece("I wrote to [EMAIL_2], who has read it and will answer tomorrow or later."),
                  finished()});
  NodeForTest node;
  allow_pseudonyms(node);
  node.add("cloud/large", Place::kCloud, cloud.script());
  node.add("device/small", Place::kDevice, says({"local"}, finished()));
  node.start();
  const std::string answer = said(node.chat(mail(false)), false);
  ASSERT_NE(answer.find("bert@plant-mail.org"), std::string::npos);
  json::object next = base::parse_json(mail(false))->as_object();
  next["messages"].as_array().push_back(json::object{{"role", "assistant"}, {"content", answer}});
  next["messages"].as_array().push_back(json::object{
      {"role", "user"}, {"content", "And cara@plant-mail.org? And bert@plant-mail.org?"}});
  const Reply reply = node.chat(json::serialize(next));
  EXPECT_EQ(reply.header("x-nearside-target"), "cloud/large");
  ASSERT_EQ(cloud.seen.size(), 2U);
  EXPECT_EQ(cloud.seen[0].messages[0], cloud.seen[1].messages[0]);
  EXPECT_EQ(cloud.seen[1].messages[1].at("content"),
            "I wrote to [EMAIL_2], who has read it and will answer tomorrow or later.");
  EXPECT_EQ(cloud.seen[1].messages[2].at("content"), "And [EMAIL_3]? And [EMAIL_2]?");
}

TEST(PseudonymisedCall, ASplitPlaceholderThatNeverEndsIsGivenAsItCame) {
  Recorder cloud({piece("a [EMAIL_1"), finished()});
  NodeForTest node;
  allow_pseudonyms(node);
  node.add("cloud/large", Place::kCloud, cloud.script());
  node.start();
  EXPECT_EQ(said(node.chat(mail(true)), true), "a [EMAIL_1");
}

/// Every dialect and provider: what a recording server of each got.
TEST(PseudonymisedCall, NoByteOfAValueReachesAServerOfAnyDialect) {
  base::SystemClock clock;
  base::Logger log{base::Level::kOff};
  const std::unique_ptr<http::Client> client = http::Client::create();
  for (const char* provider : {"openai", "openai-responses", "anthropic", "gemini", "ollama"}) {
    std::mutex mutex;
    std::string seen;
    http::ScriptedServer server(
        [&](http::Request request, std::unique_ptr<http::Responder> responder) {
          {
            const std::scoped_lock lock(mutex);
            seen += request.path + request.body;
            for (const http::Header& header : request.headers) seen += header.value;
          }
          responder->send({500, {}, "{}"});
        });
    upstream::Endpoint endpoint;
    endpoint.name = "cloud/large";
    endpoint.provider = provider;
    endpoint.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
    endpoint.model = "m";
    upstream::BreakerOptions breaker;
    breaker.failures_to_open = 1'000;
    NodeForTest node;
    allow_pseudonyms(node);
    node.add_backend(
        "cloud/large", Place::kCloud,
        std::move(upstream::Upstream::create(endpoint, *client, clock, log, breaker)).value());
    node.start();
    const std::string text = "Write to anna@plant-mail.org, IBAN DE89370400440532013000";
    const std::pair<const char*, std::string> asks[] = {
        {"/v1/chat/completions", R"({"model":"auto","user":"anna@plant-mail.org","messages":
            [{"role":"user","content":")" +
                                     text + R"("}]})"},
        {"/v1/messages", R"({"model":"auto","max_tokens":9,"metadata":{"user_id":
            "anna@plant-mail.org"},"system":")" +
                             text + R"(","messages":[{"role":"user","content":
            [{"type":"tool_result","tool_use_id":"t","content":")" +
                             text + R"("}]}]})"},
        {"/v1/responses",
         R"({"model":"auto","instructions":")" + text + R"(","input":")" + text + R"("})"},
        {"/api/chat",
         R"({"model":"auto","messages":[{"role":"user","content":")" + text + R"("}]})"},
        {"/api/generate", R"({"model":"auto","prompt":")" + text + R"("})"}};
    for (const auto& [path, body] : asks) {
      node.request("POST", path, body);
      const std::scoped_lock lock(mutex);
      EXPECT_NE(seen.find("[EMAIL_1]"), std::string::npos) << provider << path;
      EXPECT_EQ(seen.find("plant-mail"), std::string::npos) << provider << path;
      EXPECT_EQ(seen.find("DE8937"), std::string::npos) << provider << path;
      seen.clear();
    }
  }
}

}  // namespace
}  // namespace nearside::gateway
