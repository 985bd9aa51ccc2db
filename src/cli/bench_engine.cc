// `nearside bench engine`: how fast a model reads prompts and generates.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "base/thread_pool.h"
#include "cli/bench.h"
#include "cli/kernel_choice.h"
#include "cli/kv_option.h"
#include "cli/local_model.h"
#include "gguf/file.h"
#include "kernels/matmul.h"
#include "kernels/peak.h"
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
  model::KvType kv_type = model::KvType::kF16;
  bool json = false;
};

/// What the machine could do next to a repetition: its clocks and neighbours change by the minute.
struct Roof {
  double operations_per_second = 0.0;  // 8-bit multiply-adds, a multiplication and an addition two
  double bytes_per_second = 0.0;       // read from memory
};

struct Line {
  std::string test;
  std::size_t tokens = 0;  // computed in one repetition
  std::size_t sequences = 1;
  double bytes_per_token = 0.0;       // of weights and cache read
  double operations_per_token = 0.0;  // of the products with weights
  std::vector<double> seconds{};      // of each repetition
  std::vector<Roof> roofs{};          // of each repetition

  [[nodiscard]] double tokens_per_second(std::size_t repetition) const {
    return static_cast<double>(tokens) / seconds[repetition];
  }
  /// What bytes read and operations need at least, as a part of the time a repetition took.
  [[nodiscard]] double of_bytes_roof(std::size_t repetition) const {
    return tokens_per_second(repetition) * bytes_per_token / roofs[repetition].bytes_per_second;
  }
  [[nodiscard]] double of_operations_roof(std::size_t repetition) const {
    return tokens_per_second(repetition) * operations_per_token /
           roofs[repetition].operations_per_second;
  }
};

/// The median over repetitions of value(repetition).
template <typename Value>
double median(std::size_t repetitions, const Value& value) {
  std::vector<double> values;
  for (std::size_t i = 0; i < repetitions; ++i) values.push_back(value(i));
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

/// Runs passes over random tokens; what they say does not matter, only how long it takes.
class EngineBench {
 public:
  EngineBench(model::Model& model, kernels::Context& context, const Options& options)
      : model_(model), context_(context), options_(options) {}

  /// Every test once, then every test again: a state of the machine that passes meets all of them.
  std::vector<Line> run() {
    std::vector<Line> lines{prefill_line()};
    if (options_.generated_tokens > 0)
      for (const std::size_t sequences : options_.parallel) lines.push_back(decode_line(sequences));
    for (std::size_t i = 0; i < options_.repetitions; ++i)
      for (Line& line : lines) repeat(line, &line != &lines.front());
    return lines;
  }

 private:
  Line prefill_line() const {
    const std::size_t passes =
        (options_.prompt_tokens + options_.batch_tokens_max - 1) / options_.batch_tokens_max;
    return {.test = fmt::format("prefill-{}", options_.prompt_tokens),
            .tokens = options_.prompt_tokens,
            .bytes_per_token = static_cast<double>(model_.pass_bytes() * passes) /
                               static_cast<double>(options_.prompt_tokens),
            .operations_per_token =
                2.0 * static_cast<double>(block_parameters() - left_out_parameters())};
  }

  Line decode_line(std::size_t sequences) const {
    // Weights once a pass for all sequences; keys and values of its own positions for each.
    const double positions = static_cast<double>(options_.prompt_tokens) +
                             static_cast<double>(options_.generated_tokens) / 2.0;
    const std::size_t page_bytes =
        model_.kv_shape(1, model::KvCache::kPageTokens, options_.kv_type).bytes();
    const double position_bytes =
        static_cast<double>(page_bytes) / static_cast<double>(model::KvCache::kPageTokens);
    return {
        .test = fmt::format("decode-{}", options_.generated_tokens),
        .tokens = options_.generated_tokens * sequences,
        .sequences = sequences,
        .bytes_per_token =
            static_cast<double>(model_.pass_bytes()) / static_cast<double>(sequences) +
            positions * position_bytes,
        .operations_per_token = 2.0 * static_cast<double>(block_parameters() + head_parameters())};
  }

  [[nodiscard]] std::size_t head_parameters() const {
    return model_.hyperparameters().vocabulary * model_.hyperparameters().embedding;
  }
  /// All that a token meets but the embedding and the output head, which may be one matrix.
  [[nodiscard]] std::size_t block_parameters() const {
    const model::Hyperparameters& shape = model_.hyperparameters();
    // Experts are left unread too, but no file that has them ties its head.
    const bool tied = shape.experts == 0 && model_.pass_bytes() == model_.weight_bytes();
    const std::size_t idle_experts = shape.layers * (shape.experts - shape.experts_used) * 3 *
                                     shape.embedding * shape.expert_ffn;
    return model_.parameters() - (tied ? 1 : 2) * head_parameters() - idle_experts;
  }

  /// Of the last block, what a prompt's tokens but the last do without: only it is scored.
  [[nodiscard]] std::size_t left_out_parameters() const {
    const model::Hyperparameters& shape = model_.hyperparameters();
    if (shape.experts > 0) return 0;
    return shape.embedding * (shape.query_width() + 3 * shape.ffn);
  }

  void repeat(Line& line, bool decode) {
    model::KvCache cache(model_.kv_shape(
        line.sequences, options_.prompt_tokens + (decode ? options_.generated_tokens : 0),
        options_.kv_type));
    if (decode)
      for (std::size_t i = 0; i < line.sequences; ++i)
        read_prompt(cache, static_cast<model::SequenceIndex>(i));
    const Roof before = measure_roof();
    const auto begun = std::chrono::steady_clock::now();
    if (decode)
      generate(cache, line.sequences);
    else
      read_prompt(cache, 0);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    const Roof after = measure_roof();
    line.seconds.push_back(taken.count());
    line.roofs.push_back(
        {.operations_per_second = (before.operations_per_second + after.operations_per_second) / 2,
         .bytes_per_second = (before.bytes_per_second + after.bytes_per_second) / 2});
  }

  Roof measure_roof() {
    return {.operations_per_second = kernels::measure_int8_peak(context_.pool),
            .bytes_per_second = read_probe_.measure(context_.pool)};
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
  kernels::ReadProbe read_probe_;
  model::Random random_{1};
  std::vector<float> logits_;
};

void print(const std::vector<Line>& lines, const Options& options) {
  const std::size_t count = options.repetitions;
  base::json::array report;
  if (!options.json)
    fmt::print("{:14} {:>9} {:>10} {:>8} {:>8} {:>16} {:>11}\n", "test", "sequences", "tokens/s",
               "of VNNI", "of read", "int8 peak GOP/s", "read GB/s");
  for (const Line& line : lines) {
    const double speed = median(count, [&](std::size_t i) { return line.tokens_per_second(i); });
    const double read_bandwidth =
        median(count, [&](std::size_t i) { return line.roofs[i].bytes_per_second; });
    const double peak =
        median(count, [&](std::size_t i) { return line.roofs[i].operations_per_second; });
    const double of_operations =
        median(count, [&](std::size_t i) { return line.of_operations_roof(i); });
    const double of_bytes = median(count, [&](std::size_t i) { return line.of_bytes_roof(i); });
    if (!options.json) {
      fmt::print("{:14} {:>9} {:>10.1f} {:>6.0f} % {:>6.0f} % {:>16.0f} {:>11.1f}\n", line.test,
                 line.sequences, speed, 100.0 * of_operations, 100.0 * of_bytes, peak / 1e9,
                 read_bandwidth / 1e9);
      continue;
    }
    report.push_back(base::json::object{{"test", line.test},
                                        {"tokens", line.tokens},
                                        {"sequences", line.sequences},
                                        {"tokens_per_second", speed},
                                        {"bytes_per_token", line.bytes_per_token},
                                        {"read_bandwidth_bytes_per_second", read_bandwidth},
                                        {"operations_per_token", line.operations_per_token},
                                        {"int8_peak_operations_per_second", peak},
                                        {"of_read_bandwidth", of_bytes},
                                        {"of_int8_peak", of_operations}});
  }
  if (options.json) fmt::print("{}\n", base::json::serialize(report));
}

base::Status measure(const Options& options) {
  const gguf::File file = TRY(gguf::File::open(options.model));
  const kernels::Table& table = *TRY(chosen_kernels());
  const std::unique_ptr<model::Model> loaded =
      TRY(model::Model::load(file, table, thread_count(options.threads)));
  if (!loaded->generates())
    return base::fail(base::Code::kUnsupported, "{} makes vectors and generates nothing",
                      options.model);
  base::ThreadPool pool(thread_count(options.threads));
  kernels::Context context{.table = table, .pool = pool};
  EngineBench bench(*loaded, context, options);
  print(bench.run(), options);
  return {};
}

}  // namespace

Run bench_engine(App& root, App*& command) {
  constexpr std::size_t kTokensMax = 1U << 20U;
  constexpr std::size_t kThreadsMax = 1024;
  constexpr std::size_t kSequencesMax = 256;
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("engine", "How fast a model reads prompts and generates");
  command->add_option("-m,--model", options->model, "GGUF file")->required();
  command
      ->add_option("-t,--threads", options->threads,
                   "threads to compute with (default: one for each hardware thread)")
      ->within(0, kThreadsMax);
  command->add_option("--prompt", options->prompt_tokens, "tokens of the prompt")
      ->capture_default_str()
      ->within(1, kTokensMax);
  command
      ->add_option("--generate", options->generated_tokens,
                   "tokens generated by each sequence; 0: only the prompt")
      ->capture_default_str()
      ->within(0, kTokensMax);
  command->add_option("--parallel", options->parallel, "sequences at once, several with commas")
      ->delimiter(',')
      ->capture_default_str()
      ->within(1, kSequencesMax);
  command->add_option("--batch", options->batch_tokens_max, "tokens of the prompt in one pass")
      ->capture_default_str()
      ->within(1, kTokensMax);
  command->add_option("--repetitions", options->repetitions, "of each test; medians count")
      ->capture_default_str()
      ->within(1, 100);
  add_kv_option(*command, options->kv_type);
  command->add_flag("--json", options->json,
                    "an array of {test, tokens, sequences, tokens_per_second, bytes_per_token, "
                    "read_bandwidth_bytes_per_second, operations_per_token, "
                    "int8_peak_operations_per_second, of_read_bandwidth, of_int8_peak}");
  command->footer(
      "What bounds a test is measured before and after each repetition: 8-bit products a second\n"
      "with operands in registers, and bytes read from memory. \"of VNNI\" and \"of read\" say "
      "how\n"
      "much of either the products with weights and the bytes of weights and cache take up.\n"
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
