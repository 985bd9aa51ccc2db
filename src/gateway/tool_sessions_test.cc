#include "gateway/tool_sessions.h"

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"

namespace nearside::gateway {
namespace {

using policy::Place;

constexpr base::SteadyTime kNow{std::chrono::hours(9)};

chat::Request results_of(const std::string& id) {
  chat::Request request;
  request.messages =
      base::parse_json(
          R"([{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":")" +
          id +
          R"(","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":")" +
          id + R"(","content":"1"}])")
          .value()
          .as_array();
  return request;
}

TEST(ToolSessions, KnowWhoCalled) {
  ToolSessions sessions;
  sessions.called(
      "plant", "cloud/a",
      R"([{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}])", kNow);
  sessions.called("plant", "cloud/b", R"([{"index":0,"function":{"arguments":"{}"}}])", kNow);
  EXPECT_EQ(sessions.target_of("plant", results_of("c1"), kNow), "cloud/a");
  EXPECT_EQ(sessions.target_of("plant", results_of("c2"), kNow), "");
  EXPECT_EQ(sessions.target_of("clinic", results_of("c1"), kNow), "");
  EXPECT_EQ(sessions.target_of("plant", results_of("c1"), kNow + std::chrono::hours(2)), "");
  chat::Request next = results_of("c1");
  next.messages.push_back(base::json::object{{"role", "user"}, {"content", "thanks"}});
  EXPECT_EQ(sessions.target_of("plant", next, kNow), "");
  EXPECT_EQ(sessions.target_of("plant", {}, kNow), "");
}

TEST(ToolSessions, ForgetTheOldestPastTheirBound) {
  ToolSessions sessions;
  const auto call = [&](const std::string& id) {
    sessions.called("", "cloud/a", R"([{"id":")" + id + R"(","function":{"name":"f"}}])", kNow);
  };
  call("first");
  for (std::size_t i = 0; i < ToolSessions::kCallsMax - 1; ++i) call(std::to_string(i));
  EXPECT_EQ(sessions.target_of("", results_of("first"), kNow), "cloud/a");
  call("one more");
  EXPECT_EQ(sessions.target_of("", results_of("first"), kNow), "");
}

TEST(ToolSessions, GoOnAtTheTargetThatCalled) {
  std::atomic<bool> down = true;
  const auto calls = [](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
    sink(chat::ToolCallDelta{
        R"([{"index":0,"id":"c7","type":"function","function":{"name":"f","arguments":"{}"}}])"});
    chat::Finished end;
    end.reason = chat::FinishReason::kToolCalls;
    sink(end);
    return {};
  };
  const auto moody = [&](const chat::Request& request, const chat::Sink& sink) {
    return down ? says({}, failed(base::Code::kUnavailable))(request, sink)
                : says({"cheap"}, finished())(request, sink);
  };
  for (const std::string stream : {"false", "true"}) {
    down = true;
    NodeForTest node;
    node.add("device/a", Place::kDevice, moody);
    node.add("onprem/b", Place::kOnprem, calls);
    node.start();
    const std::string end = R"(],"stream":)" + stream + "}";
    EXPECT_EQ(node.chat(R"({"model":"auto","messages":[{"role":"user","content":"x"})" + end)
                  .header("x-nearside-target"),
              "onprem/b");
    down = false;
    // The cheap one is back, but the conversation is in the middle of a turn.
    const std::string messages = base::json::serialize(results_of("c7").messages);
    EXPECT_EQ(
        node.chat(R"({"model":"auto","messages":)" + messages + R"(,"stream":)" + stream + "}")
            .header("x-nearside-target"),
        "onprem/b");
    EXPECT_EQ(node.chat(kHello).header("x-nearside-target"), "device/a");
  }
}

}  // namespace
}  // namespace nearside::gateway
