// Counters in a real redis-server, which is killed in the middle.
#include "gateway/quota_redis.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/raw_socket_for_test.h"
#include "http/scripted_handler_for_test.h"

extern char** environ;

namespace nearside::gateway {
namespace {

/// A port that was free a moment ago.
std::uint16_t free_port() {
  return http::ScriptedServer([](http::Request, std::unique_ptr<http::Responder>) {}).port();
}

class RedisServer {
 public:
  explicit RedisServer(std::uint16_t port) : port_(port) { start(); }
  ~RedisServer() { kill(); }

  void start() {
    const std::string port = std::to_string(port_);
    const char* words[] = {"redis-server", "--port",    port.c_str(),   "--bind", "127.0.0.1",
                           "--save",       "",          "--appendonly", "no",     "--daemonize",
                           "no",           "--logfile", "/dev/null",    nullptr};
    ASSERT_EQ(posix_spawnp(&process_, "redis-server", nullptr, nullptr,
                           const_cast<char* const*>(words), environ),
              0);
  }
  void kill() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  const std::uint16_t port_;
  pid_t process_ = 0;
};

bool has_redis() {
  for (const char* folder : {"/usr/bin/", "/usr/local/bin/"})
    if (std::filesystem::exists(std::string(folder) + "redis-server")) return true;
  return false;
}

class RedisQuota : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_redis()) GTEST_SKIP() << "redis-server is not installed";
    server_ = std::make_unique<RedisServer>(free_port());
  }
  std::unique_ptr<QuotaStore> store(QuotaFallback fallback = QuotaFallback::kLocal) {
    store::RedisOptions options;
    options.port = server_->port();
    options.pause = std::chrono::milliseconds(5);
    return make_redis_quota_store(options, fallback, log_);
  }
  /// "yes", "no" or the error's code.
  static std::string ask(QuotaStore& store, const Charge& charge) {
    std::promise<std::string> answer;
    store.reserve({charge}, [&answer](const base::Result<Refusal>& outcome) {
      answer.set_value(!outcome               ? base::code_name(outcome.error().code)
                       : outcome->has_value() ? "no"
                                              : "yes");
    });
    return answer.get_future().get();
  }
  /// Until the server has come up; a store that falls back would hide it.
  void wait_for_server() {
    const auto probe = store(QuotaFallback::kRefuse);
    while (ask(*probe, {.counter = "probe", .limit = 1'000'000, .amount = 1}) != "yes")
      std::this_thread::yield();
  }
  static Charge charge(std::uint64_t limit, std::uint64_t amount) {
    return {.kind = Charge::Kind::kTokens,
            .counter = "c",
            .limit = limit,
            .amount = amount,
            .window = std::chrono::hours(1),
            .window_number = 7};
  }

  base::Logger log_{base::Level::kOff};
  std::unique_ptr<RedisServer> server_;
};

TEST_F(RedisQuota, TwoNodesShareOneLimit) {
  wait_for_server();
  const auto first = store();
  const auto second = store();
  EXPECT_EQ(ask(*first, charge(10, 6)), "yes");
  EXPECT_EQ(ask(*second, charge(10, 6)), "no");
  EXPECT_EQ(ask(*second, charge(10, 4)), "yes");
  EXPECT_EQ(ask(*first, charge(10, 1)), "no");
  first->settle({charge(10, 6)}, {1});
  EXPECT_EQ(ask(*first, charge(10, 5)), "yes");
  EXPECT_EQ(ask(*second, charge(10, 1)), "no");
}

TEST_F(RedisQuota, ThousandAtOnceFromTwoNodesTakeExactlyTheLimit) {
  wait_for_server();
  const auto first = store();
  const auto second = store();
  std::atomic<int> granted = 0;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 20; ++i)
    callers.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k)
        (i % 2 == 0 ? first : second)
            ->reserve({charge(137, 1)}, [&](const base::Result<Refusal>& outcome) {
              if (outcome && !outcome->has_value()) ++granted;
              ++answered;
              answered.notify_all();
            });
    });
  callers.clear();
  for (int seen = answered; seen < 1'000; seen = answered) answered.wait(seen);
  EXPECT_EQ(granted, 137);
}

TEST_F(RedisQuota, KilledInTheMiddleEachNodeKeepsTheLimitByItself) {
  wait_for_server();
  const auto node = store();
  int granted = 0;
  for (int i = 0; i < 60; ++i) granted += ask(*node, charge(100, 1)) == "yes" ? 1 : 0;
  server_->kill();
  for (int i = 0; i < 200; ++i) granted += ask(*node, charge(100, 1)) == "yes" ? 1 : 0;
  // It goes on from what it last heard: not one more than the limit, and not one less.
  EXPECT_EQ(granted, 100);
}

TEST_F(RedisQuota, KilledInTheMiddleItCanRefuseInstead) {
  wait_for_server();
  const auto node = store(QuotaFallback::kRefuse);
  EXPECT_EQ(ask(*node, charge(100, 1)), "yes");
  server_->kill();
  EXPECT_EQ(ask(*node, charge(100, 1)), "unavailable");
  server_->start();
  wait_for_server();
  while (ask(*node, charge(100, 1)) != "yes") std::this_thread::yield();
}

}  // namespace
}  // namespace nearside::gateway
