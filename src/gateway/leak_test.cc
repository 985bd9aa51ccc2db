// Thousands of requests under faults of every kind, drawn at random: not one byte of a confidential
// one reaches a target that may not have it.
#include <random>

#include <gtest/gtest.h>

#include "gateway/faulty_server_for_test.h"
#include "gateway/node_for_test.h"
#include "http/raw_listener_for_test.h"
#include "upstream/backend.h"

namespace nearside::gateway {
namespace {

constexpr int kRuns = 4'000;

constexpr std::string_view kWhole =
    "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}\n\n"
    "data: [DONE]\n\n";

/// A request in one of the dialects, whose text is `secret`.
std::pair<std::string, std::string> request_with(const std::string& secret, std::mt19937& random) {
  const auto draw = [&random](int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
  };
  const std::string stream = draw(2) == 0 ? "true" : "false";
  const std::string model = R"("model":"auto","stream":)" + stream + ",";
  switch (draw(8)) {
    case 0:
      return {"/v1/chat/completions",
              "{" + model + R"("messages":[{"role":"user","content":")" + secret + "\"}]}"};
    case 1:  // only in an earlier turn
      return {"/v1/chat/completions",
              "{" + model + R"("messages":[{"role":"user","content":")" + secret +
                  R"("},{"role":"assistant","content":"ok"},{"role":"user","content":"go on"}]})"};
    case 2:  // only in a field that nobody here knows
      return {"/v1/chat/completions", "{" + model + R"("metadata":{"note":")" + secret +
                                          R"("},"messages":[{"role":"user","content":"hello"}]})"};
    case 3:  // only in a tool's result
      return {"/v1/messages", "{" + model +
                                  R"("max_tokens":9,"messages":[{"role":"user","content":[{"type":
                  "tool_result","tool_use_id":"t","content":")" +
                                  secret + "\"}]}]}"};
    case 4:  // only in the system prompt
      return {"/v1/messages", "{" + model + R"("max_tokens":9,"system":")" + secret +
                                  R"(","messages":[{"role":"user","content":"hello"}]})"};
    case 5:
      return {"/v1/responses",
              "{" + model + R"("input":[{"role":"user","content":[{"type":"input_text","text":")" +
                  secret + "\"}]}]}"};
    case 6:
      return {"/api/generate", "{" + model + R"("prompt":")" + secret + "\"}"};
    default:
      return {"/v1/completions", "{" + model + R"("prompt":")" + secret + "\"}"};
  }
}

TEST(Leak, NothingConfidentialReachesAForbiddenTargetUnderAnyFault) {
  http::RawListener forbidden;
  base::SystemClock clock;
  base::Logger log{base::Level::kOff};
  const std::unique_ptr<http::Client> client = http::Client::create();
  FaultyServer faulty(forbidden.port(), kWhole);
  NodeForTest node;
  const auto add = [&](const std::string& name, policy::Place place, std::uint16_t port) {
    upstream::Endpoint endpoint;
    endpoint.name = name;
    endpoint.url = "http://127.0.0.1:" + std::to_string(port) + "/v1";
    endpoint.model = "m";
    endpoint.continues = upstream::Continues::kLastMessage;
    endpoint.timeouts.first_byte = endpoint.timeouts.stall = std::chrono::milliseconds(20);
    upstream::BreakerOptions breaker;
    breaker.failures_to_open = 5;
    breaker.pause_first = breaker.pause_max = std::chrono::milliseconds(2);
    node.add_backend(
        name, place,
        std::move(upstream::Upstream::create(endpoint, *client, clock, log, breaker)).value());
  };
  // The forbidden one is the cheapest, so that only the rules keep anything from it.
  add("cloud/forbidden", policy::Place::kCloud, forbidden.port());
  add("onprem/first", policy::Place::kOnprem, faulty.port());
  add("onprem/second", policy::Place::kOnprem, faulty.port());
  // Whatever asks a second target is under way too.
  node.config.policy.objective.resume = policy::Resume::kOn;
  ComparisonRules comparisons;
  comparisons.share = 0.5;
  comparisons.tenants = {""};
  comparisons.usd_per_day = 1e9;
  comparisons.at_once = 4;
  comparisons.sensitivity_max = policy::Sensitivity::kConfidential;
  node.open_comparisons(comparisons);
  node.start();

  std::mt19937 random{7};
  const auto draw = [&random](int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
  };
  std::vector<std::string> secrets;
  int answered = 0;
  for (int run = 0; run < kRuns; ++run) {
    const bool open = draw(10) == 0;  // shows that what may go there does
    const std::string mark = (open ? "open" : "conf") + std::to_string(run) + "x";
    // By an address in the text, or by what the caller says of it.
    const bool by_header = !open && draw(3) == 0;
    const std::string text = open || by_header ? mark : "write to " + mark + "@clinic-mail.org now";
    if (!open) secrets.push_back(mark);
    auto [path, body] = request_with(text, random);
    if (draw(2) == 0) body.insert(1, "\"stream\":true,");
    http::Headers headers;
    if (by_header) headers.push_back({"x-nearside-sensitivity", "confidential"});
    if (draw(20) == 0) headers.push_back({"x-nearside-deadline-ms", "15"});
    if (draw(4) == 0) node.retries.earn();
    node.ledger.full = draw(50) == 0;
    http::RawSocket socket(node.port());
    const std::string request = NodeForTest::request_text("POST", path, body, headers);
    const int fault = draw(12);
    if (fault == 0) {  // leaves in the middle of its request
      socket.send(std::string_view(request).substr(0, request.size() / 2));
      socket.close();
      continue;
    }
    socket.send(request);
    if (fault == 1) {  // leaves before the answer
      socket.close();
      continue;
    }
    answered += read_reply(socket.receive_all()).status != 0 ? 1 : 0;
    if (run % 100 == 0) faulty.let_go();
  }
  EXPECT_GT(answered, kRuns * 8 / 10);
  const std::string seen = forbidden.bytes();
  // Marks of what may go there arrive; of the rest, not one, and nothing was sent in pieces: a
  // connection that carries anything carries a whole request of the open kind.
  EXPECT_NE(seen.find("open"), std::string::npos);
  EXPECT_EQ(seen.find("conf"), std::string::npos);
  EXPECT_EQ(seen.find("clinic-mail"), std::string::npos);
  for (const std::string& secret : secrets)
    ASSERT_EQ(seen.find(secret), std::string::npos) << secret;
}

}  // namespace
}  // namespace nearside::gateway
