#include "worker/local_model.h"

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>

namespace nearside::worker {
namespace {

using base::Code;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{20'000};  // for what must happen; never waited out by a pass

/// What a call has said, to be waited for.
class Heard {
 public:
  chat::Sink sink() {
    return [this](chat::Event event) {
      const std::scoped_lock lock(mutex_);
      if (const auto* delta = std::get_if<chat::TextDelta>(&event)) text_ += delta->text;
      if (const auto* failed = std::get_if<chat::Failed>(&event)) error_ = failed->error;
      ended_ += static_cast<int>(!std::holds_alternative<chat::TextDelta>(event));
      changed_.notify_all();
    };
  }
  bool wait_ended() {
    return wait([this] { return ended_ > 0; });
  }
  bool wait_text(std::string_view text) {
    return wait([this, text] { return text_ == text; });
  }
  std::string text() {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  /// kInternal stands for none.
  base::Error error() {
    const std::scoped_lock lock(mutex_);
    return error_.value_or(base::Error{Code::kInternal, "no error"});
  }
  int ended() {
    const std::scoped_lock lock(mutex_);
    return ended_;
  }

 private:
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::string text_;
  std::optional<base::Error> error_;
  int ended_ = 0;
};

chat::Request prompt(std::string text) {
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = std::move(text);
  return request;
}

class LocalModelTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(testing::TempDir()) /
                 ("nearside_worker_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    options_.name = "device/fake";
    options_.file = (directory_ / "model").string();
    options_.program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "worker_fake").string();
    options_.restart.delay_first = milliseconds(1);
    options_.restart.delay_max = milliseconds(2);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  /// A model whose worker behaves as `word` says (worker_fake.cc).
  std::unique_ptr<LocalModel> open(const std::string& word) {
    std::ofstream(options_.file) << word;
    return LocalModel::open(options_, clock_, logger_).value();
  }
  /// And waits for it.
  std::unique_ptr<LocalModel> open_ready() {
    auto model = open("ok");
    const base::Status ready = model->wait_ready(kPatience);
    EXPECT_TRUE(ready) << ready.error().message;
    return model;
  }
  /// A model that ends up failed: what it says of itself.
  Snapshot failed_snapshot(const std::string& word) {
    const auto model = open(word);
    EXPECT_FALSE(model->wait_ready(kPatience));
    return model->snapshot();
  }

  std::filesystem::path directory_;
  base::SystemClock clock_;
  base::Logger logger_{base::Level::kOff};
  LocalModelOptions options_;
};

// In this order: the descriptors have no names.
TEST_F(LocalModelTest, HandsOverAdaptersAndADraft) {
  const auto file = [&](const std::string& name) {
    const std::string path = (directory_ / name).string();
    std::ofstream(path) << "<" << name << ">";
    return path;
  };
  for (int i = 0; i < 12; ++i)  // more than descriptors below the copies' first place
    options_.adapters.push_back({"a" + std::to_string(i), file("adapter" + std::to_string(i))});
  options_.draft_file = file("small");
  const auto model = open_ready();
  Heard heard;
  const auto call = model->start(prompt("adapters"), heard.sink());
  std::string expected;
  for (int i = 0; i < 12; ++i)
    expected += "a" + std::to_string(i) + "=<adapter" + std::to_string(i) + ">";
  EXPECT_TRUE(heard.wait_text(expected + "draft=<small>")) << heard.text();
}

TEST_F(LocalModelTest, AnAdapterThatIsAbsentIsNamed) {
  std::ofstream(options_.file) << "ok";
  options_.adapters = {{"night", (directory_ / "nowhere").string()}};
  const auto model = LocalModel::open(options_, clock_, logger_);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::kNotFound);
  EXPECT_NE(model.error().message.find("cannot open adapter"), std::string::npos)
      << model.error().message;
}

TEST_F(LocalModelTest, AnswersThroughASandboxedProcess) {
  const auto model = open_ready();
  Heard heard;
  const auto call = model->start(prompt("say hello"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.text(), "hello");

  const Snapshot snapshot = model->snapshot();
  EXPECT_EQ(snapshot.state, State::kReady);
  EXPECT_EQ(snapshot.info.architecture, "fake");
  EXPECT_EQ(snapshot.in_flight, 0U);
  EXPECT_EQ(snapshot.restarts, 0U);
  EXPECT_EQ(snapshot.sandbox.substr(0, 7), "seccomp");
}

TEST_F(LocalModelTest, ModelsThatShareMemoryLoadWhenCallsNeedThemAndMakeRoomForEachOther) {
  Residency residency(3);  // bytes; a fake model has two
  options_.residency = &residency;
  const auto first = open("ok");
  EXPECT_EQ(first->snapshot().loads, 0U);
  EXPECT_TRUE(first->snapshot().takes_calls || first->snapshot().state == State::kStarting);
  options_.file = (directory_ / "second").string();
  const auto second = open("ok");
  for (int round = 1; round <= 3; ++round) {
    for (const auto* const model : {&first, &second}) {
      Heard heard;
      const auto call = (*model)->start(prompt("say here"), heard.sink());
      ASSERT_TRUE(heard.wait_ended());
      EXPECT_EQ(heard.text(), "here") << heard.error().message;
      EXPECT_EQ((*model)->snapshot().loads, static_cast<std::uint64_t>(round));
      EXPECT_LE(residency.bytes(), 3U);
    }
  }
  EXPECT_EQ(first->snapshot().restarts, 0U);
}

TEST_F(LocalModelTest, AModelThatIsNotUsedIsLetGo) {
  Residency residency(100);
  options_.residency = &residency;
  options_.keep_alive = milliseconds(0);
  const auto model = open("ok");
  for (int round = 1; round <= 2; ++round) {
    Heard heard;
    const auto call = model->start(prompt("say here"), heard.sink());
    ASSERT_TRUE(heard.wait_ended());
    while (residency.bytes() > 0) std::this_thread::yield();  // the test's time limit ends it
  }
  EXPECT_EQ(model->snapshot().loads, 2U);
}

TEST_F(LocalModelTest, AModelThatCannotBeLoadedSaysSoToThoseWhoWaitForIt) {
  Residency residency(100);
  options_.residency = &residency;
  const auto model = open("refuse");
  Heard heard;
  const auto call = model->start(prompt("say here"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_NE(heard.error().message.find("not a GGUF file"), std::string::npos);
  EXPECT_EQ(residency.bytes(), 0U);
}

TEST_F(LocalModelTest, KillsAWorkerThatHangsOverAnAnswerAndStartsAnother) {
  options_.silence_max = milliseconds(200);
  const auto model = open_ready();
  Heard heard;
  const auto call = model->start(prompt("hang"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.error().code, Code::kUnavailable);
  EXPECT_NE(heard.error().message.find("hung"), std::string::npos) << heard.error().message;
  ASSERT_TRUE(model->wait_ready(kPatience));
  EXPECT_EQ(model->snapshot().restarts, 1U);
}

TEST_F(LocalModelTest, WorkersMaySaySomethingOnTheirStandardError) {
  const auto model = open("complain");
  ASSERT_TRUE(model->wait_ready(kPatience));
  Heard heard;
  const auto call = model->start(prompt("say fine"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.text(), "fine");
}

TEST_F(LocalModelTest, FailsEveryCallOfAKilledWorkerAndStartsAnother) {
  const auto model = open_ready();
  Heard heard[3];
  std::vector<std::unique_ptr<chat::Call>> calls;
  for (Heard& each : heard) calls.push_back(model->start(prompt("wait"), each.sink()));
  EXPECT_EQ(model->snapshot().in_flight, 3U);

  const int pid = model->snapshot().worker_pid.value_or(0);
  ASSERT_GT(pid, 0);  // 0 and -1 stand for many processes
  ASSERT_EQ(::kill(pid, SIGKILL), 0);

  for (Heard& each : heard) {
    ASSERT_TRUE(each.wait_ended());
    EXPECT_EQ(each.error().code, Code::kUnavailable);
    EXPECT_EQ(each.error().message,
              "model device/fake is not available: the worker was killed by signal 9 (Killed)");
  }
  ASSERT_TRUE(model->wait_ready(kPatience));
  EXPECT_EQ(model->snapshot().restarts, 1U);
  Heard after;
  const auto call = model->start(prompt("say again"), after.sink());
  ASSERT_TRUE(after.wait_ended());
  EXPECT_EQ(after.text(), "again");
}

TEST_F(LocalModelTest, CancelsInTheEngineWhenACallIsDropped) {
  const auto model = open_ready();
  Heard watching;
  Heard waiting;
  const auto watch = model->start(prompt("watch"), watching.sink());
  auto wait = model->start(prompt("wait"), waiting.sink());
  wait.reset();
  EXPECT_TRUE(watching.wait_text("cancelled"));
  EXPECT_EQ(waiting.ended(), 0);
  EXPECT_EQ(model->snapshot().in_flight, 1U);
}

TEST_F(LocalModelTest, LetsACallBeDroppedFromWithinItsSink) {
  const auto model = open_ready();
  std::mutex mutex;
  std::unique_ptr<chat::Call> call;
  Heard watching;
  const auto watch = model->start(prompt("watch"), watching.sink());
  int pieces = 0;
  {
    const std::scoped_lock lock(mutex);
    call = model->start(prompt("begin"), [&](const chat::Event&) {
      const std::scoped_lock inner(mutex);
      ++pieces;
      call.reset();
    });
  }
  EXPECT_TRUE(watching.wait_text("cancelled"));
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(pieces, 1);
}

TEST_F(LocalModelTest, PassesOnWhyTheEngineRefuses) {
  const auto model = open_ready();
  Heard heard;
  const auto call = model->start(prompt("refuse"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.error().code, Code::kContextLength);
}

TEST_F(LocalModelTest, RefusesOneCallTooMany) {
  options_.calls.in_flight_max = 1;
  const auto model = open_ready();
  Heard first;
  Heard second;
  const auto call = model->start(prompt("wait"), first.sink());
  const auto refused = model->start(prompt("wait"), second.sink());
  ASSERT_TRUE(second.wait_ended());
  EXPECT_EQ(second.error().code, Code::kExhausted);
  EXPECT_EQ(first.ended(), 0);
}

TEST_F(LocalModelTest, CarriesARequestLargerThanTheChannelsBuffer) {
  const auto model = open_ready();
  Heard large;
  Heard small;
  const auto first = model->start(prompt("wait" + std::string(8U << 20, 'x')), large.sink());
  const auto second = model->start(prompt("say ok"), small.sink());
  ASSERT_TRUE(small.wait_ended());
  EXPECT_EQ(small.text(), "ok");
}

TEST_F(LocalModelTest, RefusesARequestPastTheProtocolsBound) {
  const auto model = open_ready();
  Heard heard;
  const auto call = model->start(prompt(std::string(kToWorkerBytesMax, 'x')), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.error().code, Code::kTooLarge);
}

TEST_F(LocalModelTest, RefusesCallsWhileTheModelLoads) {
  const auto model = open("late");
  Heard heard;
  const auto call = model->start(prompt("say x"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.error().code, Code::kUnavailable);
  EXPECT_EQ(model->snapshot().state, State::kStarting);
  EXPECT_EQ(model->wait_ready(milliseconds(1)).error().code, Code::kDeadline);
}

TEST_F(LocalModelTest, ReportsAModelThatCannotBeLoadedAndDoesNotTryAgain) {
  const auto model = open("refuse");
  const base::Status ready = model->wait_ready(kPatience);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, Code::kCorrupt);
  EXPECT_NE(ready.error().message.find("not a GGUF file"), std::string::npos);
  EXPECT_EQ(model->snapshot().restarts, 0U);
  EXPECT_EQ(model->snapshot().worker_pid, std::nullopt);
  Heard heard;
  const auto call = model->start(prompt("say x"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.error().code, Code::kUnavailable);
  EXPECT_NE(heard.error().message.find("not a GGUF file"), std::string::npos);
}

TEST_F(LocalModelTest, GivesUpOnAModelThatKillsItsWorkerWhileLoading) {
  const Snapshot snapshot = failed_snapshot("die");
  EXPECT_EQ(snapshot.restarts, options_.restart.loading_deaths_max - 1);
  EXPECT_NE(snapshot.error->message.find("signal 6"), std::string::npos);
}

TEST_F(LocalModelTest, GivesUpOnAWorkerThatNeverGetsReady) {
  options_.ready_timeout = milliseconds(20);
  const Snapshot snapshot = failed_snapshot("late");
  EXPECT_EQ(snapshot.error->message,
            "model device/fake is not available: the worker did not get ready within 20 ms");
}

TEST_F(LocalModelTest, StopsAWorkerThatSendsGarbage) {
  EXPECT_NE(failed_snapshot("garbage").error->message.find("garbage: "), std::string::npos);
}

TEST_F(LocalModelTest, StopsAWorkerThatClaimsAnOversizedFrame) {
  EXPECT_NE(failed_snapshot("oversized").error->message.find("4294967295 bytes"),
            std::string::npos);
}

TEST_F(LocalModelTest, ReplacesAWorkerThatSendsTextThatIsNotUtf8) {
  const auto model = open_ready();
  Heard heard;
  const auto call = model->start(prompt("broken text"), heard.sink());
  ASSERT_TRUE(heard.wait_ended());
  EXPECT_EQ(heard.text(), "");
  EXPECT_EQ(heard.error().code, Code::kUnavailable);
  EXPECT_TRUE(model->wait_ready(kPatience));
}

TEST_F(LocalModelTest, ReportsAProgramThatCannotBeRun) {
  options_.program = "/nonexistent";
  const Snapshot snapshot = failed_snapshot("ok");
  EXPECT_NE(snapshot.error->message.find("cannot start a worker (/nonexistent)"),
            std::string::npos);
}

TEST_F(LocalModelTest, ReportsAModelFileThatIsNotThere) {
  options_.file = "/nonexistent/model.gguf";
  EXPECT_EQ(LocalModel::open(options_, clock_, logger_).error().code, Code::kNotFound);
}

TEST_F(LocalModelTest, FailsItsCallsAndEndsItsWorkerWhenItGoes) {
  auto model = open_ready();
  Heard heard;
  auto call = model->start(prompt("wait"), heard.sink());
  const int pid = model->snapshot().worker_pid.value_or(0);
  ASSERT_GT(pid, 0);
  model.reset();
  EXPECT_EQ(heard.error().code, Code::kUnavailable);
  EXPECT_EQ(::kill(pid, 0), -1) << "the worker lives on";
  call.reset();  // outlives the model
}

TEST_F(LocalModelTest, ServesManyThreadsAtOnce) {
  const auto model = open_ready();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&model, i] {
      for (int round = 0; round < 25; ++round) {
        Heard heard;
        auto call = model->start(prompt("say round"), heard.sink());
        if ((round + i) % 3 == 0) {
          call.reset();  // at any moment of the answer
          continue;
        }
        EXPECT_TRUE(heard.wait_ended());
        EXPECT_EQ(heard.text(), "round");
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(model->snapshot().in_flight, 0U);
}

}  // namespace
}  // namespace nearside::worker
