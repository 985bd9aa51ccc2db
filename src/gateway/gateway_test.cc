// Paths, keys, limits and refusals, over real sockets.
#include "gateway/gateway.h"

#include <latch>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "trust/sha256.h"

namespace nearside::gateway {
namespace {

using base::Code;
using policy::Place;

class GatewayTest : public ::testing::Test {
 protected:
  void start(const http::ServerOptions& options = {}) {
    backend_ = &node_.add("device/a", Place::kDevice, says({"hi"}, finished()));
    node_.start(options);
  }
  NodeForTest node_;
  ScriptedBackend* backend_ = nullptr;
};

TEST_F(GatewayTest, ListsAutoRoutesAndTargetsAsModels) {
  start();
  const Reply reply = node_.request("GET", "/v1/models");
  std::vector<std::string> ids;
  const base::json::object listed = reply.json();
  for (const auto& entry : listed.at("data").as_array())
    ids.emplace_back(entry.at("id").as_string());
  EXPECT_EQ(ids, (std::vector<std::string>{"auto", "all", "device/a"}));
  EXPECT_EQ(node_.request("GET", "/v1/models/device%2Fa").json().at("id"), "device/a");
  EXPECT_EQ(node_.request("GET", "/v1/models/device/a").status, 200);
  EXPECT_EQ(node_.request("GET", "/v1/models/none").error_code(), "model_not_found");
}

TEST_F(GatewayTest, ServesByTargetAndByRouteName) {
  start();
  for (const char* model : {"device/a", "all", "auto"})
    EXPECT_EQ(node_
                  .chat(std::string(R"({"model":")") + model +
                        R"(","messages":[{"role":"user","content":"x"}]})")
                  .status,
              200);
}

TEST_F(GatewayTest, AnswersEveryWrongRequestInTheDialectsShape) {
  start();
  struct Case {
    const char* method;
    const char* path;
    std::string body;
    int status;
    const char* code;
  };
  const Case cases[] = {
      {"POST", "/v1/chat/completions", "{", 400, "invalid_json"},
      {"POST", "/v1/chat/completions", "\xff\xfe", 400, "invalid_json"},
      {"POST", "/v1/chat/completions", std::string(100'000, '['), 400, "invalid_json"},
      {"POST", "/v1/chat/completions", "[]", 400, "invalid_json"},
      {"POST", "/v1/chat/completions", R"({"model":"auto"})", 400, "invalid_value"},
      {"POST", "/v1/chat/completions",
       R"({"model":"x/y","messages":[{"role":"user","content":"a"}]})", 404, "model_not_found"},
      {"GET", "/v1/chat/completions", "", 405, "method_not_allowed"},
      {"POST", "/v1/models", "", 405, "method_not_allowed"},
      {"GET", "/v1/nothing", "", 404, "unknown_path"},
      {"GET", "/", "", 404, "unknown_path"},
  };
  for (const Case& c : cases) {
    const Reply reply = node_.request(c.method, c.path, c.body);
    EXPECT_EQ(reply.status, c.status) << c.path << " " << c.body.substr(0, 80);
    EXPECT_EQ(reply.error_code(), c.code) << c.path << " " << c.body.substr(0, 80);
    const auto error = reply.json().at("error").as_object();
    for (const char* field : {"message", "type", "param", "code"})
      EXPECT_TRUE(error.contains(field)) << field;
  }
  EXPECT_EQ(backend_->calls(), 0);
}

TEST_F(GatewayTest, RefusesWhatIsTooLargeInTheDialectsShape) {
  http::ServerOptions options;
  options.body_bytes_max = 100;
  start(options);
  const Reply reply = node_.chat(std::string(101, ' '));
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.error_code(), "request_too_large");
}

TEST_F(GatewayTest, ServesOnlyKnownKeys) {
  KeyConfig key;
  key.name = "line-3";
  key.sha256 = trust::sha256("s3cret");
  key.tenant = "plant";
  node_.config.auth.keys = {key};
  start();
  EXPECT_EQ(node_.chat(kHello).error_code(), "invalid_api_key");
  for (const char* wrong : {"Bearer wrong", "Bearer ", "s3cret", "Basic s3cret"})
    EXPECT_EQ(node_.chat(kHello, {{"authorization", wrong}}).status, 401) << wrong;
  EXPECT_EQ(node_.request("GET", "/v1/models").status, 401);
  EXPECT_EQ(node_.request("POST", "/v1/route/explain", kHello).status, 401);
  EXPECT_EQ(node_.request("GET", "/healthz").status, 200);
  EXPECT_EQ(node_.chat(kHello, {{"Authorization", "bearer s3cret"}}).status, 200);
  const telemetry::Record record = node_.ledger.wait();
  EXPECT_EQ(record.key_name, "line-3");
  EXPECT_EQ(record.tenant, "plant");
}

TEST_F(GatewayTest, ConfidentialDataNeverReachesTheCloudEvenByName) {
  ScriptedBackend& cloud = node_.add("cloud/b", Place::kCloud, says({"x"}, finished()));
  node_.start();
  const Reply reply = node_.chat(
      R"({"model":"cloud/b","messages":[{"role":"user","content":"IBAN DE89 3704 0044 0532 0130 00"}]})");
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.error_code(), "policy_refused");
  EXPECT_EQ(cloud.calls(), 0);
  EXPECT_TRUE(reply.header("x-nearside-label").starts_with("confidential; "));
  const telemetry::Record record = node_.ledger.wait();
  EXPECT_EQ(record.outcome, telemetry::Outcome::kRefused);
  EXPECT_EQ(record.decision_id, reply.header("x-nearside-decision"));
}

TEST_F(GatewayTest, ACallerMayRaiseTheSensitivityAndAMisspeltOneIsAnError) {
  ScriptedBackend& cloud = node_.add("cloud/b", Place::kCloud, says({"x"}, finished()));
  node_.start();
  EXPECT_EQ(node_.chat(kHello, {{"x-nearside-sensitivity", "confidential"}}).status, 403);
  const Reply misspelt = node_.chat(kHello, {{"x-nearside-sensitivity", "confidental"}});
  EXPECT_EQ(misspelt.status, 400);
  EXPECT_EQ(misspelt.json().at("error").at("param"), "x-nearside-sensitivity");
  EXPECT_EQ(cloud.calls(), 0);
  EXPECT_EQ(node_.chat(kHello, {{"x-nearside-sensitivity", "public"}}).status, 200);
}

TEST_F(GatewayTest, RefusesOtherHeadersItCannotRead) {
  start();
  const http::Headers bad[] = {{{"x-nearside-deadline-ms", "soon"}},
                               {{"x-nearside-deadline-ms", "0"}},
                               {{"x-nearside-priority", "urgent"}},
                               {{"x-nearside-max-cost-usd", "-1"}},
                               {{"x-nearside-max-cost-usd", "nan"}}};
  for (const http::Headers& headers : bad)
    EXPECT_EQ(node_.chat(kHello, headers).status, 400) << headers[0].value;
}

TEST_F(GatewayTest, ACostCapThatNothingKeepsIsNoReasonToTryAgain) {
  start();
  EXPECT_EQ(node_.chat(kHello, {{"x-nearside-max-cost-usd", "0"}}).status, 402);
}

TEST_F(GatewayTest, ExplainsWithoutServingOrRecording) {
  start();
  const Reply reply = node_.request("POST", "/v1/route/explain", kHello);
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("device/a"), std::string::npos);
  EXPECT_EQ(node_.request("POST", "/v1/route/explain", R"({"model":"auto","prompt":"x"})").status,
            200);
  EXPECT_EQ(backend_->calls(), 0);
  EXPECT_TRUE(node_.ledger.begun.empty());
}

TEST_F(GatewayTest, BoundsTheRequestsUnderWay) {
  node_.config.limits.concurrent_requests_max = 1;
  std::promise<chat::Sink> arrived;
  node_.add("device/a", Place::kDevice,
            [&](chat::Request, chat::Sink sink) -> std::function<void()> {
              arrived.set_value(std::move(sink));
              return {};
            });
  node_.start();
  http::RawSocket first(node_.port());
  first.send(NodeForTest::request_text("POST", "/v1/chat/completions", kHello));
  const chat::Sink sink = arrived.get_future().get();
  const Reply second = node_.chat(kHello);
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.error_code(), "overloaded");
  EXPECT_EQ(second.header("retry-after"), "1");
  sink(finished());
  EXPECT_EQ(read_reply(first.receive_all()).status, 200);
}

TEST_F(GatewayTest, TellsWhetherItIsReady) {
  start();
  EXPECT_EQ(node_.request("GET", "/readyz").status, 200);
  node_.gateway().begin_drain();
  const Reply draining = node_.request("GET", "/readyz");
  EXPECT_EQ(draining.status, 503);
  EXPECT_NE(draining.body.find("shutting down"), std::string::npos);
  EXPECT_EQ(node_.request("GET", "/healthz").status, 200);
}

TEST_F(GatewayTest, IsNotReadyWithoutATarget) {
  node_.start();
  EXPECT_EQ(node_.request("GET", "/readyz").status, 503);
}

TEST_F(GatewayTest, CountsRequestsInMetricsAndNeverShowsTheirText) {
  start();
  node_.chat(R"({"model":"auto","messages":[{"role":"user","content":"swordfish"}]})");
  node_.chat("{");
  const Reply reply = node_.request("GET", "/metrics");
  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(reply.body.find("device/a"), std::string::npos);
  EXPECT_EQ(reply.body.find("swordfish"), std::string::npos);
}

TEST_F(GatewayTest, ATextCompletionHasItsOwnShape) {
  start();
  const auto whole =
      node_.request("POST", "/v1/completions", R"({"model":"auto","prompt":"Once"})");
  EXPECT_EQ(whole.json().at("object"), "text_completion");
  EXPECT_EQ(whole.json().at("choices").at(0).at("text"), "hi");
  const auto stream =
      node_.request("POST", "/v1/completions", R"({"model":"auto","prompt":"x","stream":true})");
  EXPECT_NE(stream.body.find(R"("text":"hi")"), std::string::npos);
  EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n"));
}

}  // namespace
}  // namespace nearside::gateway
