// A local model that is too busy sends what it may to the cloud, and takes it back.
#include <deque>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "gateway/overflow_gates.h"

namespace nearside::gateway {
namespace {

using policy::Place;

constexpr base::SteadyTime kStart{std::chrono::hours(1)};

policy::PolicySet one_target() {
  policy::PolicySet set;
  policy::Target target;
  target.name = "device/a";
  target.concurrency = 1;
  target.speed = {100, 100, {}};
  set.targets = {target};
  set.routes = {{"auto", {0}, {}}};
  return set;
}

bool overflows(OverflowGates& gates, const policy::PolicySet& set, const policy::Ask& ask,
               std::size_t waiting, base::SteadyTime now) {
  std::vector<policy::Live> live(1);
  live[0].queue = policy::QueueState{
      .waiting = waiting, .service_ms = 1000, .concurrency = 1, .first_token_ms = {}};
  gates.mark(set, ask, live, now);
  return live[0].overflowing;
}

TEST(OverflowGates, GoByTheFirstTokenAndComeBackSlowly) {
  policy::PolicySet set = one_target();
  set.routes[0].objective.ttft_max_ms = 4000;
  OverflowGates gates(set);
  const policy::Ask ask;
  EXPECT_FALSE(overflows(gates, set, ask, 3, kStart));  // 3.1 s of 4
  EXPECT_TRUE(overflows(gates, set, ask, 4, kStart));
  using std::chrono::milliseconds;
  EXPECT_TRUE(overflows(gates, set, ask, 1, kStart + milliseconds(1)));     // calm begins
  EXPECT_TRUE(overflows(gates, set, ask, 0, kStart + milliseconds(1900)));  // not for long
  EXPECT_FALSE(overflows(gates, set, ask, 0, kStart + milliseconds(2100)));
}

TEST(OverflowGates, LeaveTheTimeToGenerateOfADeadline) {
  const policy::PolicySet set = one_target();
  OverflowGates gates(set);
  policy::Ask ask;
  ask.completion_tokens = 300;  // 3 s
  ask.deadline_ms = 10'000;
  EXPECT_FALSE(overflows(gates, set, ask, 5, kStart));  // 5.1 of 7 s
  EXPECT_TRUE(overflows(gates, set, ask, 6, kStart));
}

TEST(OverflowGates, LeaveAloneWhatHasNoDeadlineOrMayWait) {
  policy::PolicySet set = one_target();
  OverflowGates gates(set);
  EXPECT_FALSE(overflows(gates, set, {}, 1000, kStart));
  set.routes[0].objective.ttft_max_ms = 10;
  policy::Ask batch;
  batch.priority = policy::Priority::kBatch;
  EXPECT_FALSE(overflows(gates, set, batch, 1000, kStart));
}

/// Holds calls until a test lets them end.
class Held {
 public:
  ScriptedBackend::Script script() {
    return [this](const chat::Request&, chat::Sink sink) -> std::function<void()> {
      const std::scoped_lock lock(mutex_);
      sinks_.push_back(std::move(sink));
      changed_.notify_all();
      return {};
    };
  }
  void wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sinks_.size() >= count; });
  }
  void release() {
    std::deque<chat::Sink> sinks;
    {
      const std::scoped_lock lock(mutex_);
      sinks.swap(sinks_);
    }
    for (const chat::Sink& sink : sinks) {
      sink(chat::TextDelta{"near", 0, {}});
      sink(finished(5, 50));
    }
  }

 private:
  std::mutex mutex_;  // guards sinks_
  std::condition_variable changed_;
  std::deque<chat::Sink> sinks_;
};

TEST(Overflow, SendsToTheCloudOnlyWhatMayGoThere) {
  Held held;
  NodeForTest node;
  node.add("device/a", Place::kDevice, held.script());
  node.add("cloud/b", Place::kCloud, says({"far"}, finished()));
  node.config.policy.targets[0].concurrency = 1;
  node.config.policy.targets[0].speed = {10, 100, {}};  // 1.29 s for an answer of 128 tokens
  node.config.policy.targets[1].speed = {10, 100, {}};
  node.config.policy.objective.ttft_max_ms = 2000;
  node.start();
  std::deque<http::RawSocket> waiting;
  const auto ask = [&](std::string_view body) {
    waiting.emplace_back(node.port());
    waiting.back().send(NodeForTest::request_text("POST", "/v1/chat/completions", body));
  };
  ask(kHello);
  held.wait(1);
  ask(kHello);  // it would wait 1.3 of 2 s
  held.wait(2);
  // A third one would wait for two.
  EXPECT_EQ(node.chat(kHello).header("x-nearside-target"), "cloud/b");
  ask(R"({"model":"auto","messages":[{"role":"user","content":"Mail it to jo@plant.example"}]})");
  held.wait(3);  // waits rather than leaves
  held.release();
  for (http::RawSocket& socket : waiting)
    EXPECT_EQ(read_reply(socket.receive_all()).header("x-nearside-target"), "device/a");
}

TEST(Overflow, SendsRealtimeRequestsPastAnyQueue) {
  Held held;
  NodeForTest node;
  node.add("device/a", Place::kDevice, held.script());
  node.add("cloud/b", Place::kCloud, says({"far"}, finished()));
  node.config.policy.targets[0].concurrency = 1;
  node.config.policy.targets[0].speed = {10, 100, {}};
  node.config.policy.targets[1].speed = {500, 100, {}};
  node.start();
  http::RawSocket first(node.port());
  first.send(NodeForTest::request_text("POST", "/v1/chat/completions", kHello));
  held.wait(1);
  EXPECT_EQ(node.chat(kHello, {{"x-nearside-priority", "realtime"}}).header("x-nearside-target"),
            "cloud/b");
  held.release();
  EXPECT_EQ(read_reply(first.receive_all()).header("x-nearside-target"), "device/a");
}

TEST(Deadline, IsHandedToWhoeverAnswers) {
  std::optional<std::chrono::milliseconds> given;
  NodeForTest node;
  node.add("device/a", Place::kDevice,
           [&](const chat::Request& request, const chat::Sink& sink) -> std::function<void()> {
             given = request.time_max;
             sink(finished());
             return {};
           });
  node.start();
  EXPECT_EQ(node.chat(kHello, {{"x-nearside-deadline-ms", "5000"}}).status, 200);
  node.ledger.wait();
  ASSERT_TRUE(given.has_value());
  EXPECT_GT(given->count(), 0);
  EXPECT_LE(given->count(), 5000);
}

}  // namespace
}  // namespace nearside::gateway
