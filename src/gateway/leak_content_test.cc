// Thousands of conversations under faults of every kind, drawn at random: not one byte of a
// follow-up to something confidential reaches a target that may not have it, and not one byte of a
// personal value one that gets placeholders.
#include <random>

#include <gtest/gtest.h>

#include "gateway/faulty_server_for_test.h"
#include "gateway/node_for_test.h"
#include "policy/pseudonyms/pseudonymizer.h"
#include "upstream/backend.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr int kConversations = 1'500;

constexpr std::string_view kAnswer =
    "The bearing of the pump is worn; order a new one and tell [EMAIL_1] about it today.";

/// As a stream in five pieces, which cut a placeholder.
std::string whole_answer() {
  std::string out;
  const std::size_t step = kAnswer.size() / 5 + 1;
  for (std::size_t at = 0; at < kAnswer.size(); at += step)
    out += "data: {\"choices\":[{\"delta\":{\"content\":" +
           json::serialize(json::string_view(kAnswer.substr(at, step))) + "}}]}\n\n";
  return out +
         "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
         "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}\n\n"
         "data: [DONE]\n\n";
}

/// A node with a cloud that may have what is not confidential, one that gets placeholders, and two
/// servers inside; all break at random.
class LeakContent : public ::testing::Test {
 protected:
  LeakContent() : inner_(outer_.port(), whole_answer()), hiding_(outer_.port(), whole_answer()) {
    add("cloud/open", policy::Place::kCloud, outer_.port());
    add("cloud/hiding", policy::Place::kCloud, hiding_.port());
    add("onprem/first", policy::Place::kOnprem, inner_.port());
    add("onprem/second", policy::Place::kOnprem, inner_.port());
  }
  ~LeakContent() override {
    for (FaultyServer* server : {&outer_, &inner_, &hiding_}) server->let_go();
  }

  void add(const std::string& name, policy::Place place, std::uint16_t port) {
    upstream::Endpoint endpoint;
    endpoint.name = name;
    endpoint.url = "http://127.0.0.1:" + std::to_string(port) + "/v1";
    endpoint.model = "m";
    endpoint.timeouts.first_byte = endpoint.timeouts.stall = std::chrono::milliseconds(20);
    upstream::BreakerOptions breaker;
    breaker.failures_to_open = 5;
    breaker.pause_first = breaker.pause_max = std::chrono::milliseconds(2);
    node_.add_backend(
        name, place,
        std::move(upstream::Upstream::create(endpoint, *client_, clock_, log_, breaker)).value());
  }

  int draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  struct Turn {
    bool arrived = false;  // a reply came, so the node has read the request
    std::string answer;    // if it came whole
  };
  /// Sends a conversation, perhaps with a client that leaves.
  Turn send(const json::array& messages, const http::Headers& headers) {
    const bool stream = draw(2) == 0;
    const json::object body{{"model", "auto"}, {"stream", stream}, {"messages", messages}};
    if (draw(4) == 0) node_.retries.earn();
    node_.ledger.full = draw(50) == 0;
    http::RawSocket socket(node_.port());
    const std::string request =
        NodeForTest::request_text("POST", "/v1/chat/completions", json::serialize(body), headers);
    const int fault = draw(14);
    if (fault == 0) {
      socket.send(std::string_view(request).substr(0, request.size() / 2));
      socket.close();
      return {};
    }
    socket.send(request);
    if (fault == 1) {
      socket.close();
      return {};
    }
    const Reply reply = read_reply(socket.receive_all());
    Turn turn{reply.status != 0, ""};
    if (!reply.complete || reply.status != 200) return turn;
    if (!stream) {
      turn.answer = reply.json().at("choices").at(0).at("message").at("content").as_string();
      return turn;
    }
    for (std::size_t at = 0; (at = reply.body.find("data: {", at)) != std::string::npos; ++at) {
      const auto event =
          *base::parse_json(reply.body.substr(at + 6, reply.body.find('\n', at) - at - 6));
      for (const json::value& choice : event.at("choices").as_array())
        if (const auto* text = choice.at("delta").as_object().if_contains("content"))
          if (text->is_string()) turn.answer += std::string_view(text->get_string());
    }
    return turn;
  }

  static json::object user(const std::string& text) {
    return {{"role", "user"}, {"content", text}};
  }

  NodeForTest node_;
  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};
  const std::unique_ptr<http::Client> client_ = http::Client::create();
  FaultyServer outer_{1, whole_answer()};
  FaultyServer inner_, hiding_;
  std::mt19937 random_{11};
};

TEST_F(LeakContent, FollowUpsOfSomethingConfidentialStayInside) {
  node_.start();
  int followed = 0, by_history = 0;
  std::vector<std::string> secrets;
  for (int run = 0; run < kConversations; ++run) {
    const std::string mark = std::to_string(run) + "x";
    // An open conversation shows that what may go outside does.
    const bool open = draw(8) == 0;
    const bool named = draw(2) == 0;
    http::Headers headers;
    if (named) headers.push_back({"x-nearside-conversation", "c" + mark});
    http::Headers raised = headers;
    const bool by_finding = draw(2) == 0;
    if (!open && !by_finding) raised.push_back({"x-nearside-sensitivity", "confidential"});
    const std::string first =
        (open ? "open" : "conf") + mark + (!open && by_finding ? "@clinic-mail.org" : "");
    if (!open) secrets.push_back("conf" + mark);
    json::array messages = {user(first)};
    const Turn turn = send(messages, raised);
    for (int follow_up = 0; follow_up < 2 && !open; ++follow_up) {
      if (named && turn.arrived) {
        // The history is cut; only the name tells.
        const std::string text = "next" + std::to_string(follow_up) + "y" + mark;
        secrets.push_back(text);
        send({user(text)}, headers);
        ++followed;
      } else if (!turn.answer.empty()) {
        // What was found is taken out of the history where it was found; the rest tells.
        const std::string text = "more" + std::to_string(follow_up) + "y" + mark;
        secrets.push_back(text);
        json::array history = messages;
        history.push_back(json::object{{"role", "assistant"}, {"content", turn.answer}});
        history.push_back(user(text));
        send(history, headers);
        ++by_history;
      }
    }
    if (run % 100 == 0) {
      inner_.let_go();
      outer_.let_go();
    }
  }
  EXPECT_GT(followed, kConversations / 2);
  EXPECT_GT(by_history, kConversations / 10);
  const std::string seen = outer_.seen() + hiding_.seen();
  EXPECT_NE(seen.find("open"), std::string::npos);
  EXPECT_EQ(seen.find("clinic-mail"), std::string::npos);
  for (const std::string& secret : secrets)
    ASSERT_EQ(seen.find(secret), std::string::npos) << secret;
}

TEST_F(LeakContent, ValuesNeverReachATargetThatGetsPlaceholders) {
  policy::PseudonymRule rule;
  rule.targets = {"cloud/hiding"};
  rule.detectors = policy::usual_pseudonym_detectors();
  node_.config.policy.pseudonyms = rule;
  node_.start();
  int restored = 0;
  for (int run = 0; run < kConversations; ++run) {
    const std::string address = "conf" + std::to_string(run) + "x@clinic-mail.org";
    json::array messages = {user("pump" + std::to_string(run) + ": write to " + address)};
    for (int turns = 0; turns < 2; ++turns) {
      const Turn turn = send(messages, {});
      if (turn.answer.empty()) break;
      if (turn.answer.find(address) != std::string::npos) ++restored;
      messages.push_back(json::object{{"role", "assistant"}, {"content", turn.answer}});
      messages.push_back(user("and again to " + address));
    }
    if (run % 100 == 0)
      for (FaultyServer* server : {&outer_, &inner_, &hiding_}) server->let_go();
  }
  EXPECT_GT(restored, kConversations / 10);
  const std::string hidden = hiding_.seen();
  EXPECT_NE(hidden.find("write to [EMAIL_1]"), std::string::npos);
  EXPECT_EQ(hidden.find("clinic-mail"), std::string::npos);
  EXPECT_EQ(hidden.find("conf"), std::string::npos);
  // The other cloud gets none of it, with placeholders or without.
  EXPECT_EQ(outer_.seen().find("pump"), std::string::npos);
}

}  // namespace
}  // namespace nearside::gateway
