// `nearside worker`: what `nearside serve` starts for each model; not for people.
#include <memory>

#include <fmt/format.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/key_options.h"
#include "engine/engine.h"
#include "kernels/tables.h"
#include "worker/worker_main.h"

namespace nearside::cli {

namespace {

struct Options {
  nearside::worker::WorkerOptions worker;
  std::string kernels;
};

Exit run(Options& options) {
  if (!options.kernels.empty()) {
    options.worker.engine.kernels = kernels::find_table(options.kernels);
    if (options.worker.engine.kernels == nullptr) {
      fmt::print(stderr, "nearside worker: this processor has no kernels named {}\n",
                 options.kernels);
      return Exit::kUsage;
    }
  }
  const base::SystemClock clock;
  nearside::worker::run_worker(options.worker, engine::Engine::load, clock);
}

}  // namespace

Run worker(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("worker", "Serves one model over a channel; started by serve");
  command->hide();  // not in --help: nobody types the descriptors it needs
  engine::Options& engine = options->worker.engine;
  command->add_option("--channel", options->worker.channel_fd, "descriptor of a socket")
      ->required();
  command->add_option("--model-fd", options->worker.model_fd, "descriptor of a GGUF file")
      ->required();
  command->add_option("--name", options->worker.name, "of the model, for messages")->required();
  command->add_option("--threads", engine.threads, "threads to compute with");
  command->add_option("--context", engine.context_tokens_max, "tokens of one sequence");
  command->add_option("--sequences", engine.sequences_max, "sequences generated at once");
  command->add_option("--queue", engine.queue_max, "requests that may wait");
  command->add_option("--batch", engine.batch_tokens_max, "tokens of one step");
  declare_key_options(*command, options->worker.key);
  command->add_option("--prefix-cache", engine.prefix_cache_tokens, "tokens of prefixes kept");
  command->add_flag("--share-prefixes", engine.share_prefixes_between_tenants,
                    "tenants use each other's prefixes");
  command->add_flag_callback(
      "--kv-q8", [&engine] { engine.cache_type = engine::CacheType::kQ8_0; },
      "keys and values in 8 bits");
  command->add_option("--adapter", options->worker.adapters,
                      "name of an adapter; its file's descriptor follows the model's");
  command->add_flag("--draft", options->worker.draft,
                    "a draft model's descriptor follows the adapters'");
  command->add_option("--kernels", options->kernels, "table to compute with (default: the best)");
  command->footer("Example: nearside worker --channel 3 --model-fd 4 --name plant");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
