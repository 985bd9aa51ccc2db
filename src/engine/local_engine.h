// The engine over one model file: queue, places, steps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "engine/adapters.h"
#include "engine/chat_habits.h"
#include "engine/constraints.h"
#include "engine/draft.h"
#include "engine/embedder.h"
#include "engine/engine.h"
#include "engine/fair_share.h"
#include "engine/generation.h"
#include "engine/prefix_cache.h"
#include "engine/prompt.h"
#include "engine/scheduler.h"
#include "gguf/file.h"
#include "kernels/matmul.h"
#include "model/kv_cache.h"
#include "model/model.h"
#include "model/random.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// What a LocalEngine is made of; the file outlives all that views it.
struct LoadedModel {
  std::unique_ptr<gguf::File> file;
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::optional<text::ChatTemplate> chat_template;  // empty: the file has none
  std::unique_ptr<model::Model> model;
  ChatHabits habits;
  Pooling pooling = Pooling::kMean;
};

/// Keys and values of all sequences and of the prefixes that are kept.
[[nodiscard]] model::KvShape cache_shape(const model::Model& model, const Options& options);

class LocalEngine final : public Engine {
 public:
  /// REQUIRES: options checked and context_tokens_max at most the model's.
  LocalEngine(LoadedModel loaded, ModelInfo info, const Options& options,
              const kernels::Table& table, const base::Clock& clock);

  [[nodiscard]] const ModelInfo& info() const override { return info_; }
  base::Status add_adapter(const std::string& name, base::MappedFile file) override;
  base::Status set_draft(base::MappedFile file) override;
  base::Status submit(RequestId id, const chat::Request& request) override;
  void cancel(RequestId id) override;
  bool step(const Sink& sink) override;

 private:
  /// What a step computes of one sequence.
  struct Computed {
    std::size_t tokens = 0;               // of those it has; 0: it waits
    std::size_t first_row = 0;            // of its scores in logits_
    std::vector<model::TokenId> guesses;  // behind them
  };
  /// Answers' part of a step; false when there was nothing to do.
  bool step_answers(const Sink& sink);
  /// Ends what has passed its deadline, waiting or running.
  void end_late(const Sink& sink);
  /// Moves waiting requests into free slots, and into those of others that must give way; true when
  /// there were any.
  bool admit(const Sink& sink);
  void start(std::size_t slot, std::unique_ptr<Generation> generation);
  /// Back to the queue, its pages to the prefix cache.
  void preempt(std::size_t slot);
  void compute(const std::vector<std::size_t>& counts, const Sink& sink);
  /// Tokens guessed to follow behind those of `slots` that generate, `room` in all.
  [[nodiscard]] std::vector<std::vector<model::TokenId>> guess(
      const std::vector<std::size_t>& slots, const std::vector<std::size_t>& counts,
      std::size_t room);
  /// Adds rows for tokens that are guessed to follow.
  void add_guesses(std::size_t slot, const Computed& computed);
  /// Chooses tokens from the scores of one sequence's rows, as far as its guesses were right.
  void choose(std::size_t slot, const Computed& computed, const Sink& sink);
  /// Keeps what the slot's sequence has computed for requests to come.
  void keep_prefix(std::size_t slot);
  void free_finished();
  void forget_ended();
  [[nodiscard]] bool in_use(RequestId id) const;
  [[nodiscard]] AnswerForm form_of(const chat::Request& request, const Prompt& prompt) const;
  [[nodiscard]] Job job_of(const Generation& generation) const;
  /// A running choice of the same request, or null.
  [[nodiscard]] const Generation* sibling_of(const Generation& generation) const;
  /// Begins a slot's sequence with pages of another choice of the request or of the prefix cache.
  void share_pages(std::size_t slot);

  LoadedModel loaded_;
  ModelInfo info_;
  Options options_;
  const base::Clock& clock_;
  PromptMaker prompts_;
  base::ThreadPool pool_;
  kernels::Context context_;
  model::KvCache cache_;
  PrefixCache prefixes_;
  Adapters adapters_;
  std::unique_ptr<Draft> draft_;  // null: none
  Embedder embedder_;
  Constraints constraints_;
  FairShare share_;
  model::Random seeds_;  // for requests that bring none
  std::uint64_t arrivals_ = 0;
  std::vector<std::unique_ptr<Generation>> waiting_;
  /// A slot is a sequence of the cache; slots_[i] computes in sequence i. Null: free.
  std::vector<std::unique_ptr<Generation>> slots_;
  std::vector<std::size_t> order_;  // occupied slots, oldest first
  model::Batch batch_;
  std::vector<float> logits_;  // [row that wants them, vocabulary]
};

}  // namespace nearside::engine
