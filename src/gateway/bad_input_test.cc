// Hostile clients and lying servers, the whole way through sockets: a clear error in the caller's
// dialect, nothing hung, nothing sent on that may not be.
#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "http/certificates_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "http/tls.h"
#include "upstream/backend.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;
using http::Request;
using http::Responder;
using policy::Place;
using telemetry::Outcome;

struct Call {
  std::string_view path;
  std::string_view before, after;  // of a text, so that the whole is a request
};
constexpr Call kCalls[] = {
    {"/v1/chat/completions", R"({"model":"auto","messages":[{"role":"user","content":")",
     R"("}]})"},
    {"/v1/completions", R"({"model":"auto","prompt":")", R"("})"},
    {"/v1/embeddings", R"({"model":"auto","input":")", R"("})"},
    {"/v1/responses", R"({"model":"auto","input":")", R"("})"},
    {"/v1/messages", R"({"model":"auto","max_tokens":9,"messages":[{"role":"user","content":")",
     R"("}]})"},
    {"/api/chat", R"({"model":"auto","messages":[{"role":"user","content":")", R"("}]})"},
    {"/api/generate", R"({"model":"auto","prompt":")", R"("})"},
};

/// The error has the shape of the dialect that the path belongs to.
void expect_shape(const Reply& reply, std::string_view path) {
  const json::object body = reply.json();
  const json::value& error = body.at("error");
  if (path.starts_with("/api/")) {
    EXPECT_TRUE(error.is_string()) << path;
  } else if (path == "/v1/messages") {
    EXPECT_EQ(body.at("type"), "error");
    EXPECT_TRUE(error.at("type").is_string());
    EXPECT_TRUE(error.at("message").is_string());
  } else {
    for (const char* field : {"message", "type", "param", "code"})
      EXPECT_TRUE(error.as_object().contains(field)) << path << " " << field;
  }
}

class BadRequests : public ::testing::Test {
 protected:
  void SetUp() override {
    backend_ = &node_.add("onprem/a", Place::kOnprem, says({"fine"}, finished()));
    http::ServerOptions options;
    options.body_bytes_max = 4U << 20;  // a node's default
    node_.start(options);
  }
  NodeForTest node_;
  ScriptedBackend* backend_ = nullptr;
};

TEST_F(BadRequests, APromptOfTenMegabytesIsTooLargeInEveryDialect) {
  const std::string prompt(10U << 20, 'a');
  for (const Call& call : kCalls) {
    const Reply reply = node_.request("POST", call.path,
                                      std::string(call.before) + prompt + std::string(call.after));
    EXPECT_EQ(reply.status, 413) << call.path;
    expect_shape(reply, call.path);
    // The same without saying how long it will be.
    http::RawSocket socket(node_.port());
    socket.send("POST " + std::string(call.path) +
                " HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    for (int i = 0; i < 5; ++i) socket.send("100000\r\n" + std::string(1U << 20, 'a') + "\r\n");
    const Reply chunked = read_reply(socket.receive_all());
    EXPECT_EQ(chunked.status, 413) << call.path;
    expect_shape(chunked, call.path);
  }
  EXPECT_EQ(backend_->calls(), 0);
}

TEST_F(BadRequests, DeepJsonAndBrokenTextAreRefusedInEveryDialect) {
  for (const Call& call : kCalls) {
    const std::string whole = std::string(call.before) + "x" + std::string(call.after);
    std::string deep = whole;
    deep.insert(1, R"("x":)" + std::string(100'000, '[') + std::string(100'000, ']') + ",");
    const std::string texts[] = {
        std::string(call.before) + "\xff\xfe" + std::string(call.after),      // no UTF-8
        std::string(call.before) + "\xc3" + std::string(call.after),          // a cut character
        std::string(call.before) + "\xed\xa0\x80" + std::string(call.after),  // half a pair
        std::string(call.before) + "\\ud800" + std::string(call.after),       // the same, escaped
        std::string(call.before) + std::string(1, '\0') + std::string(call.after),
        whole.substr(0, whole.size() - 1),
        deep,
        "\xef\xbb\xbf",
        ""};
    for (const std::string& body : texts) {
      const Reply reply = node_.request("POST", call.path, body);
      EXPECT_EQ(reply.status, 400) << call.path << " " << body.substr(0, 80);
      if (reply.status == 400) expect_shape(reply, call.path);
    }
  }
  EXPECT_EQ(backend_->calls(), 0);
  EXPECT_EQ(node_.chat(kHello).status, 200);
}

TEST_F(BadRequests, HostileHeadersAndFramingEndInOneAnswerAndReachNobody) {
  const std::string post = "POST /v1/chat/completions HTTP/1.1\r\n";
  const std::string body(kHello);
  const std::string length = "content-length: " + std::to_string(body.size()) + "\r\n";
  const std::string requests[] = {
      post + length + "\r\n" + body,                                                // no host
      post + "host: a\r\nhost: b\r\n" + length + "\r\n" + body,                     // two
      post + "host: a\r\n" + length + "content-length: 1\r\n\r\n" + body,           // two lengths
      post + "host: a\r\n" + length + "transfer-encoding: chunked\r\n\r\n" + body,  // smuggling
      post + "host: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n" + body,
      post + "host: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + body,
      post + "host: a\r\ncontent-length: -1\r\n\r\n" + body,
      post + "host: a\r\ncontent-length: 99999999999999999999\r\n\r\n" + body,
      post + "host: a\r\nx y: z\r\n" + length + "\r\n" + body,
      post + "host: a\r\n" + length + "x: " + std::string(64U << 10, 'a') + "\r\n\r\n" + body,
  };
  for (const std::string& text : requests) {
    http::RawSocket socket(node_.port());
    socket.send(text);
    const std::string raw = socket.receive_all();
    ASSERT_TRUE(raw.starts_with("HTTP/1.1 4")) << text.substr(0, 120) << "\n-> " << raw;
    EXPECT_EQ(raw.find("HTTP/1.1 4", 1), std::string::npos) << "two answers to one request";
  }
  EXPECT_EQ(backend_->calls(), 0);
  EXPECT_EQ(node_.chat(kHello).status, 200);
}

std::string frame(std::string_view json) { return "data: " + std::string(json) + "\n\n"; }
const std::string kText = frame(R"({"choices":[{"delta":{"content":"hi"}}]})");
const std::string kStop = frame(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kDone = frame("[DONE]");

/// A node whose first target is this server and whose second answers "second".
class BadServers : public ::testing::Test {
 protected:
  void start(http::ScriptedHandler::Script script, const http::ServerOptions& options = {},
             http::ClientTls tls = {}) {
    server_ = std::make_unique<http::ScriptedServer>(std::move(script), options);
    upstream::Endpoint endpoint;
    endpoint.name = "onprem/first";
    endpoint.url = std::string(options.tls ? "https" : "http") +
                   "://127.0.0.1:" + std::to_string(server_->port()) + "/v1";
    endpoint.model = "m";
    endpoint.key = upstream::Key("sk-of-the-first");
    endpoint.tls = std::move(tls);
    node_ = std::make_unique<NodeForTest>();
    node_->add_backend(
        "onprem/first", Place::kOnprem,
        std::move(upstream::Upstream::create(endpoint, *client_, clock_, log_)).value());
    node_->add("onprem/second", Place::kOnprem, says({"second"}, finished()));
    node_->start();
  }
  void TearDown() override { node_.reset(); }

  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};
  std::unique_ptr<http::Client> client_ = http::Client::create();
  std::unique_ptr<http::ScriptedServer> server_;
  std::unique_ptr<NodeForTest> node_;
};

TEST_F(BadServers, ARedirectIsNotFollowedAndTheKeyStaysHere) {
  std::atomic<int> elsewhere{0};
  http::ScriptedServer other([&](Request, std::unique_ptr<Responder> responder) {
    ++elsewhere;
    responder->send({200, {}, "{}"});
  });
  const std::string location =
      "http://127.0.0.1:" + std::to_string(other.port()) + "/v1/chat/completions";
  for (const int status : {301, 302, 303, 307, 308}) {
    start([&](Request request, std::unique_ptr<Responder> responder) {
      EXPECT_EQ(http::find_header(request.headers, "authorization"), "Bearer sk-of-the-first");
      responder->send({status, {{"location", location}}, ""});
    });
    const Reply reply = node_->chat(kHelloStream);
    EXPECT_EQ(reply.header("x-nearside-target"), "onprem/second") << status;
    const telemetry::Record record = node_->ledger.wait();
    ASSERT_EQ(record.attempts.size(), 2U) << status;
    EXPECT_EQ(record.attempts[0].outcome, Outcome::kFailed) << status;
  }
  EXPECT_EQ(elsewhere, 0);
}

TEST_F(BadServers, AWrongCertificateGetsNeitherKeyNorPrompt) {
  http::AuthorityForTest authority;
  http::AuthorityForTest stranger("somebody else");
  const std::pair<http::AuthorityForTest*, http::CertificateWanted> wrong[] = {
      {&authority, {.alternatives = "DNS:other.example"}},
      {&stranger, {}},
  };
  for (const auto& [issuer, wanted] : wrong) {
    const http::PemPair pair = issuer->issue("server", wanted);
    http::ServerOptions options;
    options.tls = http::Tls::open({pair.certificate_file, pair.key_file}).value();
    std::atomic<int> calls{0};
    start(
        [&](Request, std::unique_ptr<Responder> responder) {
          ++calls;
          responder->send({200, {}, "{}"});
        },
        options, {.ca_file = authority.file(), .ca_only = true});
    const Reply reply = node_->chat(kHello);
    EXPECT_EQ(reply.header("x-nearside-target"), "onprem/second");
    const telemetry::Record record = node_->ledger.wait();
    ASSERT_EQ(record.attempts.size(), 2U);
    EXPECT_EQ(record.attempts[0].error_code, "unavailable");
    EXPECT_EQ(calls, 0);
  }
}

TEST_F(BadServers, RepeatedEventsAreOneAnswer) {
  const std::string bytes[] = {
      kText + kStop + kStop + kDone + kDone,
      kText + kStop + kDone + kText + kStop + kDone,
      kText + kStop + frame(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}})") +
          frame(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}})") + kDone,
  };
  for (const std::string& sent : bytes) {
    start([&](Request, std::unique_ptr<Responder> responder) {
      responder->begin(200, {{"content-type", "text/event-stream"}});
      responder->write(sent);
      responder->finish();
    });
    const Reply reply = node_->chat(kHelloStream);
    EXPECT_TRUE(reply.complete);
    const auto count = [&](std::string_view what) {
      int found = 0;
      for (std::size_t at = 0; (at = reply.body.find(what, at)) != std::string::npos; ++at) ++found;
      return found;
    };
    EXPECT_EQ(count(R"("finish_reason":"stop")"), 1) << reply.body;
    EXPECT_EQ(count("[DONE]"), 1) << reply.body;
    EXPECT_EQ(count(R"("content":"hi")"), 1) << reply.body;
    const telemetry::Record record = node_->ledger.wait();
    EXPECT_EQ(record.outcome, Outcome::kOk);
    EXPECT_LE(record.output_tokens, 2U);
  }
}

TEST_F(BadServers, UsageThatCannotBeIsNotBelieved) {
  for (const char* usage :
       {R"({"prompt_tokens":-5,"completion_tokens":-1})",
        R"({"prompt_tokens":1e300,"completion_tokens":1e300})",
        R"({"prompt_tokens":"many","completion_tokens":null})",
        R"({"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615})"}) {
    start([&](Request, std::unique_ptr<Responder> responder) {
      responder->begin(200, {{"content-type", "text/event-stream"}});
      responder->write(kText + kStop +
                       frame(R"({"choices":[],"usage":)" + std::string(usage) + "}") + kDone);
      responder->finish();
    });
    EXPECT_TRUE(node_->chat(kHelloStream).complete) << usage;
    const telemetry::Record record = node_->ledger.wait();
    EXPECT_EQ(record.outcome, Outcome::kOk) << usage;
    EXPECT_TRUE(record.estimated) << usage;
    EXPECT_LT(record.input_tokens + record.output_tokens, 1'000U) << usage;
    EXPECT_LT(record.cost_usd.value_or(0), 0.01) << usage;
  }
}

}  // namespace
}  // namespace nearside::gateway
