// `nearside bench engine`: how fast a model reads prompts and generates.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "base/json.h"
#include "base/thread_pool.h"
#include "cli/bench.h"
#include "cli/kernel_choice.h"
#include "cli/local_model.h"
#include "cli/read_bandwidth.h"
#include "gguf/file.h"
#include "kernels/matmul.h"
#include "model/model.h"
#include "model/random.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string model;
  std::size_t threads = 0;
  std::size_t prompt_tokens = 512;
  std::size_t generated_tokens = 128;
  std::vector<std::size_t> parallel = {1, 4, 8};
  std::size_t batch_tokens_max = 512;
  std::size_t repetitions = 3;
  bool json = false;
};

struct Line {
  std::string test;
  std::size_t tokens = 0;  // computed in one repetition
  std::size_t sequences = 1;
  double seconds = 0.0;          // of the fastest repetition
  double bytes_per_token = 0.0;  // of weights and cache read

  [[nodiscard]] double tokens_per_second() const {
    return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
  }
};

/// Runs passes over random tokens; what they say does not matter, only how long it takes.
class EngineBench {
 public:
  EngineBench(model::Model& model, kernels::Context& context, const Options& options)
      : model_(model), context_(context), options_(options) {}

  Line prefill() {
    Line line{.test = fmt::format("prefill-{}", options_.prompt_tokens),
              .tokens = options_.prompt_tokens,
              .sequences = 1};
    model::KvCache cache(model_.kv_shape(1, options_.prompt_tokens));
    line.seconds = fastest([&] {
      cache.clear(0);
      read_prompt(cache, 0);
    });
    const std::size_t passes =
        (options_.prompt_tokens + options_.batch_tokens_max - 1) / options_.batch_tokens_max;
    line.bytes_per_token = static_cast<double>(model_.pass_bytes() * passes) /
                           static_cast<double>(options_.prompt_tokens);
    return line;
  }

  Line decode(std::size_t sequences) {
    Line line{.test = fmt::format("decode-{}", options_.generated_tokens),
              .tokens = options_.generated_tokens * sequences,
              .sequences = sequences};
    model::KvCache cache(
        model_.kv_shape(sequences, options_.prompt_tokens + options_.generated_tokens));
    line.seconds = fastest([&] { generate(cache, sequences); },
                           [&] {
                             for (std::size_t i = 0; i < sequences; ++i) {
                               cache.clear(static_cast<model::SequenceIndex>(i));
                               read_prompt(cache, static_cast<model::SequenceIndex>(i));
                             }
                           });
    // Weights once a pass for all sequences; keys and values of its own positions for each.
    const model::Hyperparameters& shape = model_.hyperparameters();
    const double positions = static_cast<double>(options_.prompt_tokens) +
                             static_cast<double>(options_.generated_tokens) / 2.0;
    const double position_bytes =
        static_cast<double>(2 * sizeof(std::uint16_t) * shape.layers * shape.kv_width());
    line.bytes_per_token =
        static_cast<double>(model_.pass_bytes()) / static_cast<double>(sequences) +
        positions * position_bytes;
    return line;
  }

 private:
  template <typename Work>
  double fastest(const Work& work) {
    return fastest(work, [] {});
  }
  template <typename Work, typename Prepare>
  double fastest(const Work& work, const Prepare& prepare) {
    double best = 0.0;
    for (std::size_t i = 0; i < options_.repetitions; ++i) {
      prepare();
      const auto begun = std::chrono::steady_clock::now();
      work();
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
      if (i == 0 || taken.count() < best) best = taken.count();
    }
    return best;
  }

  [[nodiscard]] model::TokenId any_token() {
    return static_cast<model::TokenId>(random_.below(model_.hyperparameters().vocabulary));
  }

  void read_prompt(model::KvCache& cache, model::SequenceIndex sequence) {
    cache.reserve(sequence, options_.prompt_tokens);
    for (std::size_t begin = 0; begin < options_.prompt_tokens;) {
      const std::size_t end = std::min(options_.prompt_tokens, begin + options_.batch_tokens_max);
      model::Batch batch;
      for (std::size_t at = begin; at < end; ++at)
        batch.push_back({.sequence = sequence,
                         .position = static_cast<std::uint32_t>(at),
                         .token = any_token(),
                         .wants_logits = at + 1 == options_.prompt_tokens});
      forward(batch, cache);
      begin = end;
    }
  }

  void generate(model::KvCache& cache, std::size_t sequences) {
    for (std::size_t step = 0; step < options_.generated_tokens; ++step) {
      model::Batch batch;
      for (std::size_t i = 0; i < sequences; ++i) {
        const auto sequence = static_cast<model::SequenceIndex>(i);
        cache.reserve(sequence, options_.prompt_tokens + step + 1);
        batch.push_back({.sequence = sequence,
                         .position = static_cast<std::uint32_t>(options_.prompt_tokens + step),
                         .token = any_token(),
                         .wants_logits = true});
      }
      forward(batch, cache);
    }
  }

  void forward(const model::Batch& batch, model::KvCache& cache) {
    logits_.resize(model::logits_rows(batch) * model_.hyperparameters().vocabulary);
    model_.forward(batch, cache, logits_, context_);
  }

  model::Model& model_;
  kernels::Context& context_;
  const Options& options_;
  model::Random random_{1};
  std::vector<float> logits_;
};

void print(const std::vector<Line>& lines, double read_bandwidth, const Options& options) {
  if (options.json) {
    base::json::array report;
    for (const Line& line : lines)
      report.push_back(base::json::object{{"test", line.test},
                                          {"tokens", line.tokens},
                                          {"sequences", line.sequences},
                                          {"tokens_per_second", line.tokens_per_second()},
                                          {"bytes_per_token", line.bytes_per_token},
                                          {"read_bandwidth_bytes_per_second", read_bandwidth}});
    fmt::print("{}\n", base::json::serialize(report));
    return;
  }
  fmt::print("{:14} {:>9} {:>12} {:>12}   memory reads {:.1f} GB/s\n", "test", "sequences",
             "tokens/s", "of roof", read_bandwidth / 1e9);
  for (const Line& line : lines)
    fmt::print("{:14} {:>9} {:>12.1f} {:>10.0f} %\n", line.test, line.sequences,
               line.tokens_per_second(),
               100.0 * line.tokens_per_second() * line.bytes_per_token / read_bandwidth);
}

base::Status measure(const Options& options) {
  const gguf::File file = TRY(gguf::File::open(options.model));
  const kernels::Table& table = *TRY(chosen_kernels());
  const std::unique_ptr<model::Model> loaded = TRY(model::Model::load(file, table));
  base::ThreadPool pool(thread_count(options.threads));
  kernels::Context context{.table = table, .pool = pool};
  const double read_bandwidth = measure_read_bandwidth(pool);
  EngineBench bench(*loaded, context, options);
  std::vector<Line> lines;
  lines.push_back(bench.prefill());
  for (const std::size_t sequences : options.parallel) lines.push_back(bench.decode(sequences));
  print(lines, read_bandwidth, options);
  return {};
}

}  // namespace

Run bench_engine(CLI::App& root, CLI::App*& command) {
  constexpr std::size_t kTokensMax = 1U << 20U;
  constexpr std::size_t kThreadsMax = 1024;
  constexpr std::size_t kSequencesMax = 256;
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("engine", "How fast a model reads prompts and generates");
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command
      ->add_option("-t,--threads", options->threads,
                   "threads to compute with (default: one for each hardware thread)")
      ->check(CLI::Range(std::size_t{0}, kThreadsMax));
  command->add_option("--prompt", options->prompt_tokens, "tokens of the prompt")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kTokensMax));
  command->add_option("--generate", options->generated_tokens, "tokens generated by each sequence")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kTokensMax));
  command->add_option("--parallel", options->parallel, "sequences at once, several with commas")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kSequencesMax));
  command->add_option("--batch", options->batch_tokens_max, "tokens of the prompt in one pass")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, kTokensMax));
  command->add_option("--repetitions", options->repetitions, "of each test; the fastest counts")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{100}));
  command->add_flag("--json", options->json,
                    "an array of {test, tokens, sequences, tokens_per_second, bytes_per_token, "
                    "read_bandwidth_bytes_per_second}");
  command->footer(
      "bytes_per_token is what a token must read of weights and cache; read_bandwidth is measured\n"
      "in the same run. Their quotient bounds the tokens generated per second.\n"
      "Example: nearside bench engine --model model.gguf --threads 2 --prompt 512 --generate 128 "
      "--parallel 1,4,8 --json");
  return [options] {
    const base::Status done = measure(*options);
    if (done) return Exit::kDone;
    fmt::print(stderr, "nearside bench engine: {}\n", done.error().message);
    return Exit::kFailed;
  };
}

}  // namespace nearside::cli
