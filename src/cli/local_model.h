// What the terminal commands share: a model in this process, and one answer from it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "chat/event.h"
#include "chat/request.h"
#include "cli/options.h"
#include "engine/engine.h"
#include "trust/key_envelope.h"

namespace nearside::cli {

/// Options of every command that runs a model.
struct ModelOptions {
  std::string path;
  std::size_t threads = 0;  // 0: one a hardware thread
  std::size_t context_tokens_max = 4096;
  trust::KeySource key{};  // of a sealed model
  std::string adapter{};   // LoRA adapter to apply; "": none
  std::string draft{};     // small model that guesses ahead; "": none
};
/// Has a request use the adapter, where there is one.
void apply(const ModelOptions& options, chat::Request& request);
void add_model_options(App& command, ModelOptions& options);
/// `asked`, or the machine's hardware threads when that is 0.
std::size_t thread_count(std::size_t asked);

/// Options of how tokens are chosen. The defaults are those people know from llama.cpp's tools.
struct SamplingOptions {
  float temperature = 0.8F;
  std::uint32_t top_k = 40;
  float top_p = 0.95F;
  float min_p = 0.05F;
  float repetition_penalty = 1.0F;
  std::int64_t seed = -1;        // -1: drawn
  std::int64_t tokens_max = -1;  // -1: until the model ends or the context is full
};
void add_sampling_options(App& command, SamplingOptions& options);
/// Copies the options into a request.
void apply(const SamplingOptions& options, chat::Request& request);

/// With its adapter and draft. Errors: those of MappedFile, Engine::load, add_adapter, set_draft.
base::Result<std::unique_ptr<engine::Engine>> load_engine(const ModelOptions& options,
                                                          std::size_t sequences_max,
                                                          const base::Clock& clock);

/// How fast an answer came.
struct Speed {
  chat::Usage usage;
  chat::FinishReason reason = chat::FinishReason::kStop;
  double prompt_seconds = 0.0;  // until the first token was chosen
  double answer_seconds = 0.0;  // from then on
};
/// "prompt 12 tokens at 345.6 tokens/s, answer 34 tokens at 56.7 tokens/s".
std::string describe(const Speed& speed);

/// Runs one request to its end; hands every piece of text to `out`.
/// Errors: those of Engine::submit, and of Failed.
base::Result<Speed> generate(engine::Engine& engine, const chat::Request& request,
                             const base::Clock& clock,
                             const std::function<void(std::string_view)>& out);

}  // namespace nearside::cli
