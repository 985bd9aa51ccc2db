// The engine: one model, many requests, one step at a time. The only header of this room that
// others include.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/result.h"
#include "chat/event.h"
#include "chat/request.h"

namespace nearside::kernels {
struct Table;
}

namespace nearside::engine {

/// How keys and values are kept.
enum class CacheType : std::uint8_t {
  kF16,
  kQ8_0,  // 53 % of the bytes; scores move by a little
};

struct Options {
  std::size_t threads = 1;
  std::size_t context_tokens_max = 4096;  // of one sequence; lowered to the model's own
  std::size_t sequences_max = 8;          // generated at once; further requests wait
  std::size_t queue_max = 64;             // waiting requests; one more is refused
  std::size_t batch_tokens_max = 512;     // of one step, prompt and generation together
  /// Tokens of computed prefixes that are kept for requests to come, least recently used out first;
  /// 0: none.
  std::size_t prefix_cache_tokens = 8192;
  /// Tenants may use each other's computed prefixes. How soon an answer begins then tells one
  /// tenant what another has asked.
  bool share_prefixes_between_tenants = false;
  /// Tokens of one answer that a step may guess from what came before and have confirmed: text that
  /// repeats itself comes faster, all other text as before. Answers are the same. 0: none.
  std::size_t guessed_tokens_max = 8;
  /// Guesses are made only while a step has fewer rows than this: rows are nearly free only as long
  /// as reading the weights is what a step costs.
  std::size_t guess_rows_max = 16;
  CacheType cache_type = CacheType::kF16;
  const kernels::Table* kernels = nullptr;  // to compute with; null: the best of this processor
};

struct ModelInfo {
  std::string name;
  std::string architecture;
  std::size_t context_tokens_max = 0;
  std::size_t vocabulary_tokens = 0;
  std::size_t weight_bytes = 0;
  std::size_t parameters = 0;
  bool has_chat_template = false;
};

using RequestId = std::uint64_t;

/// Not thread-safe: one thread submits, cancels and steps.
///
/// Equal requests with equal seeds and thread counts give equal tokens, whatever else is in the
/// batch, whether a prefix was cached, and however often the request was interrupted.
///
/// Urgent requests go first and take the places of less urgent ones, who go on where they were
/// (scheduler.h); of equally urgent tenants the one who was given least comes next.
class Engine {
 public:
  /// Errors: those of gguf::File, kUnsupported (architecture, tensor type), kCorrupt (tensor
  /// missing or of the wrong shape).
  static base::Result<std::unique_ptr<Engine>> load(base::MappedFile file, const std::string& name,
                                                    const Options& options,
                                                    const base::Clock& clock);
  virtual ~Engine() = default;

  [[nodiscard]] virtual const ModelInfo& info() const = 0;

  /// A LoRA adapter (GGUF) that requests may ask for by name. Different ones share a batch.
  /// REQUIRES: nothing has been submitted yet.
  /// Errors: those of gguf::File and model::Adapter::load (no adapter, made for another model),
  /// kInvalidArgument (the name is taken), kUnsupported (this model takes none), kTooLarge.
  virtual base::Status add_adapter(const std::string& name, base::MappedFile file) = 0;
  /// A small model of the same vocabulary whose guesses the model confirms several at a time
  /// (Options::guessed_tokens_max): answers are the same, and come sooner where it guesses well.
  /// REQUIRES: nothing has been submitted yet; no draft was set.
  /// Errors: those of load(), kInvalidArgument (another vocabulary).
  virtual base::Status set_draft(base::MappedFile file) = 0;

  /// Renders, tokenizes and queues. The id is the caller's and must not be in use.
  /// Errors: kContextLength, kExhausted (queue full), kInvalidArgument (template refuses the
  /// messages, no chat template, bad sampling, an adapter that is not loaded), kUnsupported (text
  /// from a model that makes vectors only).
  virtual base::Status submit(RequestId id, const chat::Request& request) = 0;
  /// Forgets the request; what it holds is free at the next step. Unknown ids are ignored (it may
  /// just have finished).
  virtual void cancel(RequestId id) = 0;

  using Sink = std::function<void(RequestId, chat::Event)>;
  /// One batch through the model; hands what it produced to `sink`, and Failed with kDeadline to
  /// requests whose time_max is over. False when there was nothing to
  /// do.
  virtual bool step(const Sink& sink) = 0;
};

}  // namespace nearside::engine
