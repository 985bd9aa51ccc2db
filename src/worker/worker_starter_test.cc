#include "worker/worker_starter.h"

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/local_model.h"

namespace nearside::worker {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kPatience{20'000};

class WorkerStarterTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("nearside_starter_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
    starter_ = WorkerStarter::start((here / "worker_fake").string()).value();
    options_.name = "device/fake";
    options_.file = file("ok");
    options_.program = "/nonexistent";  // the starter has its own
    options_.starter = starter_.get();
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& content) {
    const std::string path = (folder_ / content).string();
    std::ofstream(path) << content;
    return path;
  }
  /// Waits until the answer is as wanted, or for a long time; what it is then.
  std::string answer(LocalModel& model, const std::string& prompt, std::string_view wanted) {
    chat::Request request;
    request.kind = chat::Request::Kind::kCompletion;
    request.prompt = prompt;
    std::mutex mutex;  // guards text
    std::condition_variable changed;
    std::string text;
    const auto call = model.start(request, [&](const chat::Event& event) {
      const std::scoped_lock lock(mutex);
      if (const auto* delta = std::get_if<chat::TextDelta>(&event)) text += delta->text;
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait_for(lock, kPatience, [&] { return text == wanted; });
    return text;
  }
  base::Result<pid_t> spawn(const std::vector<std::string>& arguments) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const base::UniqueFd ours(ends[0]);
    const base::UniqueFd theirs(ends[1]);
    std::vector<base::UniqueFd> files;
    files.emplace_back(::dup(theirs.get()));
    return starter_->spawn(arguments, theirs.get(), STDERR_FILENO, files);
  }

  fs::path folder_;
  base::SystemClock clock_;
  base::Logger logger_{base::Level::kOff};
  std::unique_ptr<WorkerStarter> starter_;
  LocalModelOptions options_;
};

TEST_F(WorkerStarterTest, WorkersAreThisProcesssChildrenWithEveryFileInItsPlace) {
  options_.adapters = {{"one", file("first")}, {"two", file("second")}};
  options_.draft_file = file("guess");
  const auto model = LocalModel::open(options_, clock_, logger_).value();
  const base::Status ready = model->wait_ready(kPatience);
  ASSERT_TRUE(ready) << ready.error().message;
  constexpr const char* kAll = "one=firsttwo=seconddraft=guess";
  EXPECT_EQ(answer(*model, "adapters", kAll), kAll);
  std::ifstream status("/proc/" + std::to_string(model->snapshot().worker_pid.value()) + "/status");
  const std::string text((std::istreambuf_iterator<char>(status)), {});
  EXPECT_NE(text.find("PPid:\t" + std::to_string(::getpid()) + "\n"), std::string::npos) << text;
}

TEST_F(WorkerStarterTest, AWorkerThatWasKilledIsReplaced) {
  options_.restart.delay_first = options_.restart.delay_max = std::chrono::milliseconds(1);
  const auto model = LocalModel::open(options_, clock_, logger_).value();
  ASSERT_TRUE(model->wait_ready(kPatience));
  ASSERT_EQ(::kill(model->snapshot().worker_pid.value(), SIGKILL), 0);
  const base::SteadyTime until = clock_.steady() + kPatience;
  while (model->snapshot().restarts == 0 && clock_.steady() < until) ::usleep(1000);
  ASSERT_TRUE(model->wait_ready(kPatience));
  EXPECT_EQ(answer(*model, "say again", "again"), "again");
}

TEST_F(WorkerStarterTest, StartsWorkersAndNothingElse) {
  for (const char* first : {"serve", "", "--help", "worker2"}) {
    const auto started = spawn({first, "worker"});
    ASSERT_FALSE(started) << first;
    EXPECT_EQ(started.error().code, base::Code::kIo);
  }
  EXPECT_EQ(spawn({"worker", std::string(kArgumentsBytesMax, 'x')}).error().code,
            base::Code::kTooLarge);
}

TEST_F(WorkerStarterTest, AProgramThatCannotBeRunIsAnError) {
  starter_ = WorkerStarter::start("/nonexistent/program").value();
  const auto started = spawn({"worker"});
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("No such file"), std::string::npos)
      << started.error().message;
}

}  // namespace
}  // namespace nearside::worker
