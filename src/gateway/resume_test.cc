// Answers that are cut and written on by another target: over sockets, with servers that cut at any
// place.
#include "gateway/resume.h"

#include <random>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "policy/pseudonyms/pseudonymizer.h"
#include "upstream/backend.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;
using http::Request;
using http::Responder;
using policy::Place;
using telemetry::Outcome;

constexpr std::string_view kWhole =
    "The conveyor in hall 2 stopped at 06:14 because its light barrier was dirty.\n\n"
    "- Clean the lens, then press \"reset\" \xE2\x80\x94 twice.\n"
    "- If it stops again, t\xC3\xA4glich pr\xC3\xBC"
    "fen: call the driver.\n";

std::string chunk(std::string_view text) {
  return "data: " +
         json::serialize(
             json::value{{"choices", json::array{json::object{{"delta", {{"content", text}}}}}}}) +
         "\n\n";
}
constexpr std::string_view kEnd =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":7}}\n\n"
    "data: [DONE]\n\n";

/// A text as a stream, in pieces of some bytes that keep characters whole.
std::string stream_of(std::string_view text, std::size_t piece_bytes = 5) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = std::min(piece_bytes, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    out += chunk(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

/// What a server that writes on was asked to begin with.
std::string begun_in(const Request& request) {
  const auto body = base::parse_json(request.body);
  const json::value& last = body->at("messages").as_array().back();
  EXPECT_EQ(last.at("role"), "assistant");
  return std::string(last.at("content").as_string());
}

/// All text of a streamed answer in one of the dialects.
std::string text_in(const Reply& reply, std::string_view path) {
  std::string text;
  for (std::size_t at = 0; at < reply.body.size();) {
    const std::size_t end = std::min(reply.body.find('\n', at), reply.body.size());
    std::string_view line = std::string_view(reply.body).substr(at, end - at);
    at = end + 1;
    if (line.starts_with("data: ")) line.remove_prefix(6);
    if (!line.starts_with("{")) continue;
    const json::value event = base::parse_json(line).value();
    const auto add = [&](const json::value* value) {
      if (value != nullptr && value->is_string()) text += std::string_view(value->get_string());
    };
    boost::system::error_code none;
    if (path == "/v1/chat/completions")
      add(event.find_pointer("/choices/0/delta/content", none));
    else if (path == "/v1/completions")
      add(event.find_pointer("/choices/0/text", none));
    else if (path == "/v1/messages")
      add(event.find_pointer("/delta/text", none));
    else if (path == "/api/chat")
      add(event.find_pointer("/message/content", none));
    else if (event.at("type") == "response.output_text.delta")
      add(event.find_pointer("/delta", none));
  }
  return text;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++found;
  return found;
}

class ResumeTest : public ::testing::Test {
 protected:
  void SetUp() override { node_.config.policy.objective.resume = policy::Resume::kOn; }
  void TearDown() override { node_.stop(); }

  void add_server(const std::string& name, Place place, http::ScriptedHandler::Script script,
                  upstream::Continues continues = upstream::Continues::kLastMessage) {
    servers_.push_back(std::make_unique<http::ScriptedServer>(std::move(script)));
    upstream::Endpoint endpoint;
    endpoint.name = name;
    endpoint.url = "http://127.0.0.1:" + std::to_string(servers_.back()->port()) + "/v1";
    endpoint.model = "m";
    endpoint.continues = continues;
    upstream::BreakerOptions patient;  // these servers break on purpose
    patient.failures_to_open = 1'000'000;
    node_.add_backend(
        name, place,
        std::move(upstream::Upstream::create(endpoint, *client_, clock_, log_, patient)).value());
  }
  /// Sends these bytes and cuts the connection.
  void add_cutting(const std::string& name, Place place) {
    add_server(name, place, [this](Request, std::unique_ptr<Responder> responder) {
      responder->begin(200, {{"content-type", "text/event-stream"}});
      responder->write(cut_);
      responder->abort();
    });
  }
  /// Says what follows of kWhole.
  void add_writing_on(const std::string& name, Place place) {
    add_server(name, place, [this](const Request& request, std::unique_ptr<Responder> responder) {
      ++written_on_;
      const std::string begun = begun_in(request);
      EXPECT_TRUE(kWhole.starts_with(begun)) << begun;
      responder->begin(200, {{"content-type", "text/event-stream"}});
      responder->write(stream_of(kWhole.substr(begun.size())));
      responder->write(std::string(kEnd));
      responder->finish();
    });
  }

  static std::string asking(std::string_view more = "", std::string_view say = "why?") {
    return R"({"model":"auto","stream":true,"max_tokens":400,"messages":[{"role":"user","content":")" +
           std::string(say) + "\"}]" + std::string(more) + "}";
  }
  Reply ask(std::string_view path, const http::Headers& headers = {}) {
    if (path == "/v1/responses")
      return node_.request("POST", path, R"({"model":"auto","stream":true,"input":"why?"})",
                           headers);
    return node_.request("POST", path, asking(), headers);
  }

  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};
  std::unique_ptr<http::Client> client_ = http::Client::create();
  std::vector<std::unique_ptr<http::ScriptedServer>> servers_;
  std::string cut_;
  std::atomic<int> written_on_{0};
  NodeForTest node_;
};

TEST_F(ResumeTest, AStreamCutAnywhereEndsAsIfItHadNotBeenInEveryDialect) {
  add_cutting("onprem/first", Place::kOnprem);
  add_writing_on("cloud/second", Place::kCloud);
  node_.start();
  std::mt19937 random(7);
  const std::string stream = stream_of(kWhole);
  std::size_t requests = 0;
  for (const std::string_view path :
       {"/v1/chat/completions", "/v1/messages", "/api/chat", "/v1/responses"}) {
    for (int round = 0; round < 25; ++round) {
      cut_ = stream.substr(0, 100 + random() % (stream.size() - 100));
      const Reply reply = ask(path);
      const telemetry::Record record = node_.ledger.wait(++requests);
      EXPECT_EQ(text_in(reply, path), kWhole) << path << " cut at " << cut_.size();
      EXPECT_TRUE(reply.complete);
      EXPECT_EQ(record.outcome, Outcome::kOk);
      ASSERT_EQ(record.attempts.size(), 2U);
      EXPECT_EQ(record.attempts[0].outcome, Outcome::kCut);
      EXPECT_EQ(record.attempts[1].outcome, Outcome::kOk);
      EXPECT_FALSE(record.attempts[0].resumed_at_bytes);
      ASSERT_TRUE(record.attempts[1].resumed_at_bytes);
      EXPECT_GT(record.attempts[0].cost_usd.value_or(0), 0);
      EXPECT_GT(record.attempts[1].cost_usd.value_or(0), 0);
      EXPECT_EQ(record.output_tokens, record.attempts[0].output_tokens + 7);
      EXPECT_NE(
          reply.body.find(R"("nearside":{"resumed":{"target":"cloud/second","after_text_bytes":)" +
                          std::to_string(*record.attempts[1].resumed_at_bytes) + "}}"),
          std::string::npos)
          << reply.body;
      // One message: it begins once and ends once.
      EXPECT_LE(count(reply.body, R"("role":"assistant","content":"")"), 1U);
      EXPECT_LE(count(reply.body, "message_start\""), 1U);
      EXPECT_LE(count(reply.body, "content_block_start\""), 1U);
      EXPECT_LE(count(reply.body, "event: response.created"), 1U);
      EXPECT_LE(count(reply.body, "event: response.output_item.added"), 1U);
      if (HasFailure()) return;
    }
  }
  EXPECT_NE(
      node_.metrics.text().find(
          R"(nearside_resumed_attempts_total{target="cloud/second",place="cloud",outcome="ok"} 100)"),
      std::string::npos);
}

TEST_F(ResumeTest, ARawCompletionIsWrittenOnByAnyServerOfIt) {
  add_server("onprem/first", Place::kOnprem, [](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write("data: {\"choices\":[{\"text\":\"two, three,\"}]}\n\n");
    responder->abort();
  });
  std::string prompt;
  add_server(
      "cloud/second", Place::kCloud,
      [&prompt](const Request& request, std::unique_ptr<Responder> responder) {
        prompt = std::string(base::parse_json(request.body)->at("prompt").as_string());
        responder->begin(200, {{"content-type", "text/event-stream"}});
        responder->write(
            "data: {\"choices\":[{\"text\":\" four\",\"finish_reason\":\"stop\"}]}\n\n"
            "data: [DONE]\n\n");
        responder->finish();
      },
      upstream::Continues::kNot);
  node_.start();
  const Reply reply = node_.request("POST", "/v1/completions",
                                    R"({"model":"auto","stream":true,"prompt":"one, "})");
  EXPECT_EQ(text_in(reply, "/v1/completions"), "two, three, four");
  EXPECT_EQ(prompt, "one, two, three,");
}

TEST_F(ResumeTest, WithoutTheWishTheClientHearsOfTheCut) {
  add_cutting("onprem/first", Place::kOnprem);
  add_writing_on("cloud/second", Place::kCloud);
  node_.config.policy.objective.resume = policy::Resume::kAsked;
  node_.start();
  cut_ = stream_of(kWhole).substr(0, 900);
  const Reply cut = ask("/v1/chat/completions");
  EXPECT_FALSE(cut.complete);
  EXPECT_NE(cut.body.find("\"error\""), std::string::npos);
  EXPECT_EQ(node_.ledger.wait().outcome, Outcome::kCut);
  EXPECT_EQ(written_on_, 0);
  EXPECT_TRUE(ask("/v1/chat/completions", {{"x-nearside-resume", "on"}}).complete);
  EXPECT_EQ(written_on_, 1);
  EXPECT_EQ(ask("/v1/chat/completions", {{"x-nearside-resume", "yes"}}).status, 400);
}

TEST_F(ResumeTest, WhatIsNoPlainTextIsNeverWrittenOn) {
  const std::string call =
      "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":"
      "\"function\",\"function\":{\"name\":\"stop\",\"arguments\":\"{\\\"li\"}}]}}]}\n\n";
  const std::string tools =
      R"(,"tools":[{"type":"function","function":{"name":"stop","parameters":{"type":"object"}}}])";
  const std::string two = "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}}]}\n\n";
  const std::string thought =
      "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
  const std::tuple<const char*, std::string, std::string> cases[] = {
      {"a tool call", chunk("I will. ") + call, tools},
      {"a form", chunk("{\"a\":"), R"(,"response_format":{"type":"json_object"})"},
      {"two answers", chunk("x") + two, R"(,"n":2)"},
      {"log-probabilities", chunk("x"), R"(,"logprobs":true)"},
      {"a call that must come", chunk("x"), tools + R"(,"tool_choice":"required")"},
      {"thoughts alone", thought, ""},
  };
  add_cutting("onprem/first", Place::kOnprem);
  add_writing_on("cloud/second", Place::kCloud);
  node_.start();
  std::size_t requests = 0;
  for (const auto& [name, bytes, more] : cases) {
    cut_ = bytes;
    const Reply reply = node_.chat(asking(more));
    EXPECT_FALSE(reply.complete) << name;
    EXPECT_NE(reply.body.find("\"error\""), std::string::npos) << name;
    EXPECT_EQ(node_.ledger.wait(++requests).outcome, Outcome::kCut) << name;
  }
  EXPECT_EQ(written_on_, 0);
}

TEST_F(ResumeTest, ToolsThatWereOfferedAndNotCalledAreNoHindrance) {
  add_cutting("onprem/first", Place::kOnprem);
  add_writing_on("cloud/second", Place::kCloud);
  node_.start();
  cut_ = stream_of(kWhole).substr(0, 900);
  const Reply reply = node_.chat(asking(
      R"(,"tools":[{"type":"function","function":{"name":"stop","parameters":{"type":"object"}}}])"));
  EXPECT_EQ(text_in(reply, "/v1/chat/completions"), kWhole);
}

TEST_F(ResumeTest, WhatTheAnswerHoldsKeepsItInside) {
  add_server("onprem/first", Place::kOnprem, [](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(chunk("Their account is DE89 3704 0044 0532 0130 00 and"));
    responder->abort();
  });
  add_writing_on("cloud/second", Place::kCloud);
  std::string begun;
  node_.add(
      "device/third", Place::kDevice,
      [&begun](const chat::Request& request, const chat::Sink& sink) -> std::function<void()> {
        begun = request.begun;
        sink(chat::TextDelta{" nobody else's."});
        sink(finished());
        return {};
      });
  node_.start();
  const Reply reply = ask("/v1/chat/completions");
  EXPECT_EQ(text_in(reply, "/v1/chat/completions"),
            "Their account is DE89 3704 0044 0532 0130 00 and nobody else's.");
  EXPECT_EQ(begun, "Their account is DE89 3704 0044 0532 0130 00 and");
  EXPECT_EQ(written_on_, 0);
  const telemetry::Record record = node_.ledger.wait();
  ASSERT_EQ(record.attempts.size(), 2U);
  EXPECT_EQ(record.attempts[1].target, "device/third");
  // Why, in the record.
  const json::value decision = base::parse_json(record.decision_json).value();
  EXPECT_EQ(decision.at("resumed").at("label").at("sensitivity"), "confidential");
}

TEST_F(ResumeTest, WithNobodyPermittedTheClientHearsOfTheCut) {
  add_server("onprem/first", Place::kOnprem, [](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(chunk("Write to anna@plant-mail.org and"));
    responder->abort();
  });
  add_writing_on("cloud/second", Place::kCloud);
  node_.start();
  const Reply reply = ask("/v1/chat/completions");
  EXPECT_FALSE(reply.complete);
  EXPECT_NE(reply.body.find("\"error\""), std::string::npos);
  EXPECT_EQ(written_on_, 0);
}

TEST_F(ResumeTest, PlaceholdersAreRightOnBothSidesOfTheSeam) {
  policy::PseudonymRule rule;
  rule.targets = {"cloud/first", "cloud/second"};
  rule.detectors = policy::usual_pseudonym_detectors();
  node_.config.policy.pseudonyms = rule;
  // Cut in the middle of a placeholder, which nobody has seen yet.
  add_server("cloud/first", Place::kCloud, [](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(chunk("I wrote to [EMAIL_2] and to [EMA"));
    responder->abort();
  });
  std::string seen;
  add_server("cloud/second", Place::kCloud,
             [&seen](const Request& request, std::unique_ptr<Responder> responder) {
               seen = request.body;
               responder->begin(200, {{"content-type", "text/event-stream"}});
               responder->write(chunk("[EMAIL") + chunk("_1], not [EMAIL_2]."));
               responder->write(std::string(kEnd));
               responder->finish();
             });
  node_.start();
  const Reply reply =
      node_.chat(asking("", "Write to anna@plant-mail.org and bert@plant-mail.org"));
  EXPECT_EQ(text_in(reply, "/v1/chat/completions"),
            "I wrote to bert@plant-mail.org and to anna@plant-mail.org, not bert@plant-mail.org.");
  EXPECT_EQ(seen.find("plant-mail"), std::string::npos) << seen;
  EXPECT_NE(seen.find("I wrote to [EMAIL_2] and to "), std::string::npos) << seen;
  EXPECT_TRUE(node_.ledger.wait().attempts.at(1).pseudonyms);
}

TEST_F(ResumeTest, WhoeverBeginsAgainOrDoesNotWriteOnIsPassedOver) {
  add_cutting("onprem/first", Place::kOnprem);
  add_server(
      "onprem/cannot", Place::kOnprem, [](Request, std::unique_ptr<Responder>) { FAIL(); },
      upstream::Continues::kNot);
  add_server("onprem/again", Place::kOnprem, [](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(stream_of(kWhole));
    responder->write(std::string(kEnd));
    responder->finish();
  });
  add_server("onprem/broken", Place::kOnprem, [](Request, std::unique_ptr<Responder> responder) {
    responder->send({400, {}, R"({"error":{"message":"the last message must be a user's"}})"});
  });
  add_writing_on("cloud/last", Place::kCloud);
  node_.start();
  cut_ = stream_of(kWhole).substr(0, 2000);
  const Reply reply = ask("/v1/chat/completions");
  EXPECT_EQ(text_in(reply, "/v1/chat/completions"), kWhole);
  const telemetry::Record record = node_.ledger.wait();
  ASSERT_EQ(record.attempts.size(), 5U);
  EXPECT_EQ(record.attempts[2].error_code, "unsupported");
  EXPECT_EQ(record.attempts[4].target, "cloud/last");
}

TEST_F(ResumeTest, AnAnswerHasOneSeam) {
  add_cutting("onprem/first", Place::kOnprem);
  add_server("onprem/second", Place::kOnprem,
             [](const Request& request, std::unique_ptr<Responder> responder) {
               const std::string begun = begun_in(request);
               responder->begin(200, {{"content-type", "text/event-stream"}});
               responder->write(stream_of(kWhole.substr(begun.size(), 20)));
               responder->abort();
             });
  add_writing_on("cloud/third", Place::kCloud);
  node_.start();
  cut_ = stream_of(kWhole).substr(0, 900);
  const Reply reply = ask("/v1/chat/completions");
  EXPECT_FALSE(reply.complete);
  EXPECT_NE(reply.body.find("\"error\""), std::string::npos);
  EXPECT_EQ(written_on_, 0);
  const telemetry::Record record = node_.ledger.wait();
  EXPECT_EQ(record.outcome, Outcome::kCut);
  EXPECT_EQ(record.attempts.size(), 2U);
}

TEST_F(ResumeTest, WhatIsLeftOfTheBoundIsAskedFor) {
  std::optional<std::uint32_t> left;
  node_.add("device/first", Place::kDevice,
            [](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
              sink(chat::TextDelta{"one two"});
              chat::Failed cut{{base::Code::kUnavailable, "cut"}, {}};
              cut.usage.prompt_tokens = 5;
              cut.usage.completion_tokens = 150;
              sink(cut);
              return {};
            });
  node_.add("device/second", Place::kDevice,
            [&left](const chat::Request& request, const chat::Sink& sink) -> std::function<void()> {
              left = request.completion_tokens_max;
              sink(chat::ReasoningDelta{"hm"});
              sink(chat::TextDelta{" three"});
              sink(finished(9, 3));
              return {};
            });
  node_.start();
  const Reply reply = node_.chat(asking(R"(,"stream_options":{"include_usage":true})"));
  EXPECT_EQ(text_in(reply, "/v1/chat/completions"), "one two three");
  EXPECT_EQ(reply.body.find("hm"), std::string::npos);
  EXPECT_NE(reply.body.find(R"("prompt_tokens":14,"completion_tokens":153)"), std::string::npos)
      << reply.body;
  EXPECT_EQ(left, 250U);
}

}  // namespace
}  // namespace nearside::gateway
