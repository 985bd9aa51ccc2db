// The whole way through gateway and upstream, over sockets, with servers that misbehave: each fault
// is one clear outcome for the client and one record.
#include <latch>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "upstream/backend.h"

namespace nearside::gateway {
namespace {

using http::Request;
using http::Responder;
using policy::Place;
using telemetry::Outcome;

constexpr std::string_view kText = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
constexpr std::string_view kStop =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

/// A stream of exactly these bytes that ends cleanly or is cut.
http::ScriptedHandler::Script streams(std::string bytes, bool cut = false) {
  return [=](Request, std::unique_ptr<Responder> responder) {
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(bytes);
    cut ? responder->abort() : responder->finish();
  };
}

class UpstreamFaults : public ::testing::Test {
 protected:
  /// A node whose first target is `script`'s server and whose second always answers "second".
  void start(http::ScriptedHandler::Script script, http::ClientTimeouts timeouts = {}) {
    server_ = std::make_unique<http::ScriptedServer>(std::move(script));
    upstream::Endpoint endpoint;
    endpoint.name = "onprem/first";
    endpoint.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/v1";
    endpoint.model = "m";
    endpoint.timeouts = timeouts;
    node_ = std::make_unique<NodeForTest>();
    node_->add_backend(
        "onprem/first", Place::kOnprem,
        std::move(upstream::Upstream::create(endpoint, *client_, clock_, log_)).value());
    second_ = &node_->add("cloud/second", Place::kCloud, says({"second"}, finished()));
    node_->start();
  }
  /// The server's own responders first: they belong to it.
  void TearDown() override {
    kept_.drop();
    node_.reset();
  }

  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};
  std::unique_ptr<http::Client> client_ = http::Client::create();
  std::unique_ptr<http::ScriptedServer> server_;
  http::KeptResponder kept_;
  std::unique_ptr<NodeForTest> node_;
  ScriptedBackend* second_ = nullptr;
};

TEST_F(UpstreamFaults, AHealthyServerAnswersAndItsUsageIsKept) {
  start(streams(
      std::string(kText) + std::string(kStop) +
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":3}}\n\n" +
      std::string(kDone)));
  const Reply reply = node_->chat(kHello);
  EXPECT_EQ(reply.json().at("choices").at(0).at("message").at("content"), "hi");
  const telemetry::Record record = node_->ledger.wait();
  EXPECT_EQ(record.input_tokens, 11U);
  EXPECT_FALSE(record.estimated);
}

TEST_F(UpstreamFaults, WhatBreaksBeforeContentFallsBackUnseen) {
  const std::pair<const char*, http::ScriptedHandler::Script> faults[] = {
      {"status 500",
       [](Request, std::unique_ptr<Responder> r) {
         r->send({500, {}, "oops"});
       }},
      {"status 429",
       [](Request, std::unique_ptr<Responder> r) {
         r->send({429, {}, "{}"});
       }},
      {"redirect",
       [](Request, std::unique_ptr<Responder> r) {
         r->send({302, {{"location", "http://127.0.0.1:1/"}}, ""});
       }},
      {"garbage", streams("data: <html>\n\n")},
      {"an HTML page",
       [](Request, std::unique_ptr<Responder> r) {
         r->send({200, {{"content-type", "text/html"}}, "<html></html>"});
       }},
      {"nothing", streams("")},
      {"half a frame", streams("data: {\"choices\":[{\"del")},
      {"half a frame, cut", streams("data: {\"choices\":[{\"del", true)},
      {"only the end mark", streams(std::string(kDone))},
      {"only a role",
       streams("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n", true)},
      {"an error in the stream", streams("data: {\"error\":{\"message\":\"overloaded\"}}\n\n")},
  };
  for (const auto& [name, script] : faults) {
    start(script);
    for (const std::string_view body : {kHello, kHelloStream}) {
      const Reply reply = node_->chat(body);
      EXPECT_EQ(reply.status, 200) << name;
      EXPECT_EQ(reply.header("x-nearside-target"), "cloud/second") << name;
      EXPECT_TRUE(reply.complete) << name;
      const telemetry::Record record = node_->ledger.wait();
      EXPECT_EQ(record.attempts.size(), 2U) << name;
      EXPECT_EQ(record.outcome, Outcome::kOk) << name;
    }
  }
}

TEST_F(UpstreamFaults, WhatBreaksAfterContentNeverLooksComplete) {
  const std::pair<const char*, http::ScriptedHandler::Script> faults[] = {
      {"cut", streams(std::string(kText), true)},
      {"a clean end without a finish reason", streams(std::string(kText))},
      {"half a frame", streams(std::string(kText) + "data: {\"cho")},
      {"garbage", streams(std::string(kText) + "data: garbage\n\n")},
      {"an error in the stream", streams(std::string(kText) + "data: {\"error\":{}}\n\n")},
  };
  for (const auto& [name, script] : faults) {
    start(script);
    const Reply reply = node_->chat(kHelloStream);
    EXPECT_EQ(reply.header("x-nearside-target"), "onprem/first") << name;
    EXPECT_NE(reply.body.find("\"content\":\"hi\""), std::string::npos) << name;
    EXPECT_NE(reply.body.find("data: {\"error\""), std::string::npos) << name;
    EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos) << name;
    EXPECT_FALSE(reply.complete) << name;
    EXPECT_EQ(node_->ledger.wait().outcome, Outcome::kCut) << name;
    EXPECT_EQ(second_->calls(), 0) << name;
    const Reply whole = node_->chat(kHello);
    EXPECT_EQ(whole.json().at("choices").at(0).at("message").at("content"), "second") << name;
  }
}

TEST_F(UpstreamFaults, AServerThatHangsFallsBack) {
  start([this](Request, std::unique_ptr<Responder> responder) { kept_.keep(std::move(responder)); },
        {.first_byte = std::chrono::milliseconds(30)});
  EXPECT_EQ(node_->chat(kHelloStream).header("x-nearside-target"), "cloud/second");
  EXPECT_EQ(node_->ledger.wait().attempts[0].error_code, "deadline");
}

TEST_F(UpstreamFaults, AStreamThatStallsAfterContentIsCut) {
  start(
      [this](Request, std::unique_ptr<Responder> responder) {
        responder->begin(200, {{"content-type", "text/event-stream"}});
        responder->write(kText);
        kept_.keep(std::move(responder));
      },
      {.stall = std::chrono::milliseconds(30)});
  const Reply reply = node_->chat(kHelloStream);
  EXPECT_FALSE(reply.complete);
  EXPECT_EQ(node_->ledger.wait().outcome, Outcome::kCut);
}

TEST_F(UpstreamFaults, AClientThatLeavesIsFeltByTheServer) {
  std::latch gone(1);
  start([&](Request, std::unique_ptr<Responder> responder) {
    responder->on_gone([&] { gone.count_down(); });
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(kText);
    kept_.keep(std::move(responder));
  });
  http::RawSocket client(node_->port());
  client.send(NodeForTest::request_text("POST", "/v1/chat/completions", kHelloStream));
  client.receive_until("\"content\":\"hi\"");
  client.close();
  gone.wait();
  EXPECT_EQ(node_->ledger.wait().outcome, Outcome::kClientGone);
}

TEST_F(UpstreamFaults, ARefusedRequestIsTheClientsToMend) {
  start([](Request, std::unique_ptr<Responder> r) {
    r->send({400, {}, R"({"error":{"message":"bad tool","code":null}})"});
  });
  const Reply reply = node_->chat(kHello);
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("bad tool"), std::string::npos);
  EXPECT_EQ(second_->calls(), 0);
}

}  // namespace
}  // namespace nearside::gateway
