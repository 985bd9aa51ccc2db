#include "cli/local_model.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/mapped_file.h"
#include "cli/kernel_choice.h"
#include "cli/key_options.h"
#include "worker/model_bytes.h"

namespace nearside::cli {

using base::Result;

namespace {

constexpr const char* kAdapterName = "adapter";  // there is but one

}  // namespace

void add_model_options(App& command, ModelOptions& options) {
  command.add_option("-m,--model", options.path, "GGUF file")->required();
  command.add_option("-t,--threads", options.threads,
                     "threads to compute with (default: one for each hardware thread)");
  declare_key_options(command, options.key);
  command.add_option("--adapter", options.adapter, "LoRA adapter (GGUF) to apply");
  command.add_option("--draft", options.draft,
                     "small model of the same vocabulary (GGUF) that guesses ahead: equal answers, "
                     "sooner where it guesses well");
  command.add_option("-c,--ctx", options.context_tokens_max, "tokens of context kept at most")
      ->capture_default_str()
      ->within(2, 1 << 24);
}

std::size_t thread_count(std::size_t asked) {
  if (asked != 0) return asked;
  return std::max(1U, std::thread::hardware_concurrency());
}

void add_sampling_options(App& command, SamplingOptions& options) {
  command
      .add_option("-n,--tokens", options.tokens_max,
                  "tokens of the answer at most (-1: until the model ends)")
      ->capture_default_str();
  command.add_option("--temp", options.temperature, "temperature; 0 always takes the likeliest")
      ->capture_default_str();
  command.add_option("--top-k", options.top_k, "keep the k likeliest tokens; 0: all")
      ->capture_default_str();
  command.add_option("--top-p", options.top_p, "keep the likeliest tokens of this mass; 1: all")
      ->capture_default_str();
  command
      .add_option("--min-p", options.min_p,
                  "keep tokens at least this likely, against the likeliest; 0: all")
      ->capture_default_str();
  command.add_option("--repeat-penalty", options.repetition_penalty, "1: none")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "equal seeds give equal answers (-1: drawn)")
      ->capture_default_str();
}

void apply(const SamplingOptions& options, chat::Request& request) {
  request.sampling.temperature = options.temperature;
  request.sampling.top_k = options.top_k;
  request.sampling.top_p = options.top_p;
  request.sampling.min_p = options.min_p;
  request.sampling.repetition_penalty = options.repetition_penalty;
  if (options.seed >= 0) request.sampling.seed = static_cast<std::uint64_t>(options.seed);
  if (options.tokens_max >= 0)
    request.completion_tokens_max = static_cast<std::uint32_t>(
        std::min<std::int64_t>(options.tokens_max, std::int64_t{1} << 30U));
}

Result<std::unique_ptr<engine::Engine>> load_engine(const ModelOptions& options,
                                                    std::size_t sequences_max,
                                                    const base::Clock& clock) {
  base::MappedFile file = TRY(base::MappedFile::open(options.path));
  std::optional<trust::OpenedEnvelope> envelope;
  if (!options.key.empty()) {
    TRY(trust::make_process_undumpable());
    envelope = TRY(trust::open_envelope(options.key));
  }
  file = TRY(worker::open_model_bytes(std::move(file), envelope));
  engine::Options engine_options;
  engine_options.threads = thread_count(options.threads);
  engine_options.context_tokens_max = options.context_tokens_max;
  engine_options.sequences_max = sequences_max;
  engine_options.kernels = TRY(chosen_kernels());
  std::unique_ptr<engine::Engine> engine =
      TRY(engine::Engine::load(std::move(file), options.path, engine_options, clock));
  if (!options.adapter.empty()) {
    base::MappedFile adapter = TRY(base::MappedFile::open(options.adapter));
    TRY(engine->add_adapter(kAdapterName, std::move(adapter)));
  }
  if (!options.draft.empty()) {
    base::MappedFile draft = TRY(base::MappedFile::open(options.draft));
    TRY(engine->set_draft(std::move(draft)));
  }
  return engine;
}

void apply(const ModelOptions& options, chat::Request& request) {
  if (!options.adapter.empty()) request.adapters = {{.name = kAdapterName, .scale = 1.0F}};
}

std::string describe(const Speed& speed) {
  const auto rate = [](std::uint64_t tokens, double seconds) {
    return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
  };
  // The first token of the answer comes out of the prompt's last pass.
  const std::uint64_t after_first =
      speed.usage.completion_tokens > 0 ? speed.usage.completion_tokens - 1 : 0;
  return fmt::format("prompt {} tokens at {:.1f} tokens/s, answer {} tokens at {:.1f} tokens/s",
                     speed.usage.prompt_tokens,
                     rate(speed.usage.prompt_tokens, speed.prompt_seconds),
                     speed.usage.completion_tokens, rate(after_first, speed.answer_seconds));
}

Result<Speed> generate(engine::Engine& engine, const chat::Request& request,
                       const base::Clock& clock, const std::function<void(std::string_view)>& out) {
  constexpr engine::RequestId kOnly = 1;
  const base::SteadyTime begun = clock.steady();
  TRY(engine.submit(kOnly, request));
  std::optional<base::SteadyTime> first;
  Speed speed;
  std::optional<base::Error> error;
  const engine::Engine::Sink sink = [&](engine::RequestId, chat::Event event) {
    if (!first) first = clock.steady();
    if (const auto* delta = std::get_if<chat::TextDelta>(&event)) {
      out(delta->text);
    } else if (const auto* finished = std::get_if<chat::Finished>(&event)) {
      speed.usage = finished->usage;
      speed.reason = finished->reason;
    } else if (auto* failed = std::get_if<chat::Failed>(&event)) {
      error = std::move(failed->error);
    }
  };
  while (engine.step(sink)) {
  }
  if (error) return std::move(*error);
  const base::SteadyTime ended = clock.steady();
  const auto seconds = [](base::SteadyTime from, base::SteadyTime to) {
    return std::chrono::duration<double>(to - from).count();
  };
  speed.prompt_seconds = seconds(begun, first.value_or(ended));
  speed.answer_seconds = seconds(first.value_or(ended), ended);
  return speed;
}

}  // namespace nearside::cli
