// `nearside serve`: a node. Options, signals, and the line that says where it listens.
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/confinement.h"
#include "cli/node.h"
#include "trust/secret_bytes.h"
#include "worker/worker_starter.h"

namespace nearside::cli {
namespace {

struct Options {
  std::string config;
  std::string listen;
  std::string model;
  unsigned drain_seconds = 10;
  bool confined = false;
  bool json = false;
};

/// With --confined: what stays outside, and what this process was left.
struct Confined {
  std::unique_ptr<worker::WorkerStarter> starter;
  Confinement confinement;
};

Exit complain(const base::Error& error, Exit exit = Exit::kFailed) {
  fmt::print(stderr, "nearside serve: {}\n", error.message);
  return exit;
}

base::Result<gateway::Config> read_config(const Options& options) {
  gateway::Config config = options.config.empty() ? TRY(gateway::default_config(options.model))
                                                  : TRY(gateway::load_config(options.config));
  if (!options.listen.empty()) config.listen = {TRY(gateway::parse_listen(options.listen))};
  return config;
}

/// Each connection is a descriptor, and the usual soft limit is near the bound of connections.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Signals are waited for in one place, by the thread that owns the node; every other thread is
/// started after this and inherits the mask.
sigset_t take_signals() {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&handled, signal);
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  // A peer that has closed is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  return handled;
}

void announce(const Node& node, bool json) {
  if (json)
    fmt::print("{}\n", base::json::serialize(base::json::object{
                           {"listening", base::json::value_from(node.addresses())}}));
  else
    fmt::print("nearside listens on {0}{1}\n", node.encrypted() ? "https://" : "http://",
               fmt::join(node.addresses(), node.encrypted() ? ", https://" : ", http://"));
  std::fflush(stdout);
}

/// REQUIRES: no thread was started yet: what is closed is closed to those that come later.
base::Status confine(Confined& confined, const gateway::Config& config) {
  confined.confinement = TRY(plan_confinement(config));
  return trust::landlock_confine(confined.confinement.rules);
}

void reload(Node& node, const Options& options, const Confined& confined) {
  if (options.config.empty()) return;
  auto config = read_config(options);
  if (config && options.confined)
    if (base::Status still = still_confined(confined.confinement, *config); !still)
      config = std::move(still).error();
  if (!config) node.refuse(options.config, config.error());
  const base::Status done = config ? node.reload(*std::move(config)) : base::Status(config.error());
  if (done)
    node.log().info("serve", "serving by {} as it is now", options.config);
  else
    node.log().error("serve", "keeping the configuration as it was: {}", done.error().message);
}

Exit run(const Options& options) {
  // Keys of upstreams and templates are in this process: no core dump, and nobody of the same user
  // may look into it.
  if (const base::Status closed = trust::make_process_undumpable(); !closed)
    return complain(closed.error());
  Confined confined;
  if (options.confined) {
    auto starter = worker::WorkerStarter::start();
    if (!starter) return complain(starter.error());
    confined.starter = *std::move(starter);
  }
  const sigset_t handled = take_signals();
  raise_descriptor_limit();
  auto config = read_config(options);
  if (!config) return complain(config.error());
  if (options.confined)
    if (const base::Status closed = confine(confined, *config); !closed)
      return complain(closed.error());
  // One way to reload, whoever asks: the signal, which the loop below waits for.
  std::function<void()> ask_for_reload;
  if (!options.config.empty()) ask_for_reload = [] { ::kill(::getpid(), SIGHUP); };
  auto started = Node::start(*std::move(config), std::move(ask_for_reload), confined.starter.get());
  if (!started) return complain(started.error());
  Node& node = **started;
  announce(node, options.json);
  for (;;) {
    constexpr timespec kSweepEvery{1, 0};
    const int signal = ::sigtimedwait(&handled, nullptr, &kSweepEvery);
    if (signal < 0) {
      node.sweep();
      continue;
    }
    if (signal == SIGHUP) {
      reload(node, options, confined);
      continue;
    }
    node.log().info("serve", "finishing requests for up to {} s", options.drain_seconds);
    // A second signal means now.
    ::pthread_sigmask(SIG_UNBLOCK, &handled, nullptr);
    if (!node.drain(std::chrono::seconds(options.drain_seconds)))
      node.log().warn("serve", "some requests were cut; the ledger has them");
    return Exit::kDone;
  }
}

}  // namespace

Run serve(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("serve", "Serves requests over HTTP: local models and upstreams");
  Option* config =
      command->add_option("--config", options->config, "configuration (YAML); reread on SIGHUP");
  command->add_option("--model", options->model, "a GGUF file to serve without a configuration")
      ->excludes(config);
  command->add_option("--listen", options->listen,
                      "ADDR:PORT instead of the configured address; port 0 takes a free one");
  command
      ->add_option("--drain-seconds", options->drain_seconds,
                   "how long requests may finish after SIGTERM")
      ->within(0, 3600);
  command->add_flag("--confined", options->confined,
                    "keep this process from the keys of its models and from writing anything but "
                    "its records; workers are started by another (needs Landlock)");
  command->add_flag("--json", options->json, "say where it listens as JSON");
  command->footer(
      "Example: nearside serve --model models/triage-small.gguf --listen 127.0.0.1:8080");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
