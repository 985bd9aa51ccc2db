#include "worker/local_model.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "kernels/table.h"
#include "worker/worker_process.h"

namespace nearside::worker {

using base::Code;
using base::fail;
using std::chrono::milliseconds;

namespace {

constexpr std::string_view kRoom = "worker";

WorkerCommand command_for(const LocalModelOptions& options) {
  const engine::Options& engine = options.engine;
  WorkerCommand command{options.program, {"worker"}};
  const auto add = [&command](std::string name, std::string value) {
    command.arguments.push_back(std::move(name));
    command.arguments.push_back(std::move(value));
  };
  add("--channel", std::to_string(kChannelFd));
  add("--model-fd", std::to_string(kModelFd));
  add("--name", options.name);
  add("--threads", std::to_string(engine.threads));
  add("--context", std::to_string(engine.context_tokens_max));
  add("--sequences", std::to_string(engine.sequences_max));
  add("--queue", std::to_string(engine.queue_max));
  add("--batch", std::to_string(engine.batch_tokens_max));
  // Paths only: what is in a process's arguments everybody can read.
  if (!options.key.envelope_file.empty()) add("--key-envelope", options.key.envelope_file);
  if (!options.key.key_file.empty()) add("--key-file", options.key.key_file);
  if (!options.key.tpm.empty()) add("--tpm", options.key.tpm);
  add("--prefix-cache", std::to_string(engine.prefix_cache_tokens));
  if (engine.share_prefixes_between_tenants) command.arguments.emplace_back("--share-prefixes");
  if (engine.cache_type == engine::CacheType::kQ8_0) command.arguments.emplace_back("--kv-q8");
  for (const AdapterFile& adapter : options.adapters) add("--adapter", adapter.name);
  if (!options.draft_file.empty()) command.arguments.emplace_back("--draft");
  if (engine.kernels != nullptr) add("--kernels", engine.kernels->name);
  return command;
}

/// What a model takes of memory, as far as its files tell: its weights.
std::size_t size_of(const std::vector<base::UniqueFd>& files) {
  std::size_t bytes = 0;
  for (const base::UniqueFd& file : files) {
    struct stat status {};
    if (::fstat(file.get(), &status) == 0) bytes += static_cast<std::size_t>(status.st_size);
  }
  return bytes;
}

base::Result<base::UniqueFd> open_file(const std::string& what, const std::string& path) {
  base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid())
    return fail(errno == ENOENT ? Code::kNotFound : Code::kIo, "cannot open {} {}: {}", what, path,
                std::strerror(errno));
  return file;
}

/// In the order of WorkerProcess::spawn.
base::Result<std::vector<base::UniqueFd>> open_files(const LocalModelOptions& options) {
  std::vector<base::UniqueFd> files;
  files.push_back(TRY(open_file("model", options.file)));
  if (options.adapters.size() + 2 > kFilesMax)
    return fail(Code::kTooLarge, "model {} has {} adapters, but at most {} can be handed over",
                options.name, options.adapters.size(), kFilesMax - 2);
  for (const AdapterFile& adapter : options.adapters)
    files.push_back(TRY(open_file("adapter", adapter.file)));
  if (!options.draft_file.empty())
    files.push_back(TRY(open_file("draft model", options.draft_file)));
  return files;
}

/// Without the name that the worker put before it: every sentence here brings its own.
std::string_view without_name(std::string_view message, const std::string& name) {
  if (message.starts_with(name) && message.substr(name.size()).starts_with(": "))
    message.remove_prefix(name.size() + 2);
  return message;
}

/// What callers hear: always kUnavailable, so that the gateway asks another target.
base::Error to_callers(const std::string& name, const base::Error& why) {
  return fail(Code::kUnavailable, "model {} is not available: {}", name,
              without_name(why.message, name));
}

}  // namespace

const char* state_name(State state) {
  switch (state) {
    case State::kUnloaded:
      return "unloaded";
    case State::kWaiting:
      return "waiting for memory";
    case State::kStarting:
      return "starting";
    case State::kReady:
      return "ready";
    case State::kDown:
      return "down";
    case State::kFailed:
      return "failed";
  }
  return "unknown";
}

base::Result<std::unique_ptr<LocalModel>> LocalModel::open(LocalModelOptions options,
                                                           const base::Clock& clock,
                                                           base::Logger& logger) {
  std::vector<base::UniqueFd> files = TRY(open_files(options));
  std::shared_ptr<Calls> calls = TRY(Calls::create(
      options.calls,
      to_callers(options.name, fail(Code::kUnavailable, "it is still being loaded"))));
  // From the first moment on: a call is what has the model loaded.
  if (options.residency != nullptr) calls->open();
  return std::unique_ptr<LocalModel>(
      new LocalModel(std::move(options), std::move(files), std::move(calls), clock, logger));
}

LocalModel::LocalModel(LocalModelOptions options, std::vector<base::UniqueFd> files,
                       std::shared_ptr<Calls> calls, const base::Clock& clock, base::Logger& logger)
    : options_(std::move(options)),
      files_(std::move(files)),
      calls_(std::move(calls)),
      clock_(clock),
      logger_(logger),
      member_(options_.residency == nullptr
                  ? nullptr
                  : std::make_unique<Residency::Member>(*options_.residency, size_of(files_),
                                                        [this] { calls_->wake(); })),
      thread_([this](const std::stop_token& stop) { supervise(stop); }) {}

LocalModel::~LocalModel() {
  thread_.request_stop();
  calls_->wake();
  thread_.join();
}

std::unique_ptr<chat::Call> LocalModel::start(chat::Request request, chat::Sink sink) {
  return calls_->start(request, std::move(sink));
}

Snapshot LocalModel::snapshot() const {
  const std::size_t in_flight = calls_->in_flight();
  const std::scoped_lock lock(mutex_);
  Snapshot copy = snapshot_;
  copy.in_flight = in_flight;
  return copy;
}

base::Status LocalModel::wait_ready(milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  const auto settled = [this] {
    return snapshot_.state == State::kReady || snapshot_.state == State::kFailed;
  };
  if (!changed_.wait_for(lock, timeout, settled))
    return fail(Code::kDeadline, "model {} is not ready after {} ms (it is {})", options_.name,
                timeout.count(), state_name(snapshot_.state));
  if (snapshot_.state == State::kFailed) return *snapshot_.error;
  return {};
}

void LocalModel::supervise(const std::stop_token& stop) {
  RestartPolicy policy(options_.restart);
  while (!stop.stop_requested()) {
    if (member_ != nullptr && !wait_needed(stop)) break;
    const std::optional<Death> death = run_one_worker(stop);
    if (member_ != nullptr) member_->leave();
    if (!death) continue;  // stopped, or let go
    const std::optional<milliseconds> delay =
        death->load_failed ? std::nullopt : policy.after_death(death->served_for);
    const base::Error why = to_callers(options_.name, death->why);
    // In this order whoever finds the model down is refused with the reason, and whoever hears
    // Failed finds it down.
    calls_->refuse(why);
    set_state(delay ? State::kDown : State::kFailed, death->load_failed ? death->why : why,
              std::nullopt);
    calls_->close(why);
    if (delay)
      logger_.warn(kRoom, "model {}: {}; starting another in {} ms", options_.name,
                   death->why.message, delay->count());
    else
      logger_.error(kRoom, "model {}: {}; it is not started again", options_.name,
                    without_name(death->why.message, options_.name));
    rest(stop, delay);
    if (stop.stop_requested()) break;
    {
      const std::scoped_lock lock(mutex_);
      ++snapshot_.restarts;
    }
  }
  calls_->close(to_callers(options_.name, fail(Code::kUnavailable, "it is being shut down")));
}

bool LocalModel::wait_needed(const std::stop_token& stop) {
  calls_->open();
  set_state(State::kUnloaded, std::nullopt, std::nullopt);
  idle_since_.reset();
  while (!stop.stop_requested()) {
    calls_->deliver_refusals();
    const bool needed = calls_->in_flight() > 0;
    member_->set_busy(needed);
    if (needed && member_->enter()) return true;
    set_state(needed ? State::kWaiting : State::kUnloaded, std::nullopt, std::nullopt);
    wait_woken();
  }
  return false;
}

std::optional<base::SteadyTime> LocalModel::kept_until(bool busy) {
  member_->set_busy(busy);
  if (busy) {
    idle_since_.reset();
    return std::nullopt;
  }
  if (!idle_since_) idle_since_ = clock_.steady();
  return member_->asked_to_leave() ? *idle_since_ : *idle_since_ + options_.keep_alive;
}

void LocalModel::wait_woken() {
  pollfd waiting{calls_->wake_fd(), POLLIN, 0};
  if (::poll(&waiting, 1, -1) > 0) calls_->clear_wake();
}

std::optional<Death> LocalModel::run_one_worker(const std::stop_token& stop) {
  set_state(State::kStarting, std::nullopt, std::nullopt);
  base::Result<WorkerProcess> process =
      WorkerProcess::spawn(command_for(options_), files_, options_.starter);
  // Out of processes or descriptors may pass: counted as a death while loading, so it ends, too.
  if (!process) return Death{std::move(process).error(), false, std::nullopt};
  {
    const std::scoped_lock lock(mutex_);
    ++snapshot_.loads;
  }
  set_state(State::kStarting, std::nullopt, process->pid());
  const auto session = std::make_unique<Session>(
      *process, *calls_, clock_, SessionLimits{options_.ready_timeout, options_.silence_max},
      Session::Listener{[this](const Ready& ready) { set_ready(ready); },
                        [this](const std::string& line) {
                          logger_.warn(kRoom, "model {}'s worker says: {}", options_.name, line);
                        },
                        member_ == nullptr ? std::function<std::optional<base::SteadyTime>(bool)>()
                                           : [this](bool busy) { return kept_until(busy); }});
  return session->run(stop);
}

void LocalModel::set_ready(const Ready& ready) {
  {
    const std::scoped_lock lock(mutex_);
    snapshot_.state = State::kReady;
    snapshot_.takes_calls = true;
    snapshot_.info = ready.info;
    snapshot_.sandbox = ready.sandbox;
    snapshot_.error.reset();
  }
  changed_.notify_all();
  logger_.info(kRoom, "model {} is ready: {}, {} parameters, context {}; sandbox: {}",
               options_.name, ready.info.architecture, ready.info.parameters,
               ready.info.context_tokens_max, ready.sandbox);
}

void LocalModel::set_state(State state, std::optional<base::Error> error,
                           std::optional<int> worker_pid) {
  {
    const std::scoped_lock lock(mutex_);
    snapshot_.state = state;
    snapshot_.takes_calls =
        options_.residency != nullptr && state != State::kDown && state != State::kFailed;
    snapshot_.error = std::move(error);
    snapshot_.worker_pid = worker_pid;
  }
  changed_.notify_all();
}

void LocalModel::rest(const std::stop_token& stop, std::optional<milliseconds> delay) {
  const base::SteadyTime until = clock_.steady() + delay.value_or(milliseconds(0));
  while (!stop.stop_requested()) {
    calls_->deliver_refusals();
    int timeout_ms = -1;
    if (delay) {
      const auto left = std::chrono::ceil<milliseconds>(until - clock_.steady()).count();
      if (left <= 0) return;
      timeout_ms = static_cast<int>(std::min<std::int64_t>(left, 60'000));
    }
    pollfd waiting{calls_->wake_fd(), POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) > 0) calls_->clear_wake();
  }
}

}  // namespace nearside::worker
