// The engine over one model file: queue, slots, steps.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "engine/chat_habits.h"
#include "engine/engine.h"
#include "engine/generation.h"
#include "engine/prompt.h"
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
};

class LocalEngine final : public Engine {
 public:
  /// REQUIRES: options checked and context_tokens_max at most the model's.
  LocalEngine(LoadedModel loaded, ModelInfo info, const Options& options,
              const kernels::Table& table, const base::Clock& clock);

  [[nodiscard]] const ModelInfo& info() const override { return info_; }
  base::Status submit(RequestId id, const chat::Request& request) override;
  void cancel(RequestId id) override;
  bool step(const Sink& sink) override;

 private:
  /// A slot is a sequence of the cache; slots_[i] computes in sequence i.
  /// Moves waiting requests into free slots; true when there were any.
  bool admit(const Sink& sink);
  void compute(const std::vector<std::size_t>& slots, const std::vector<std::size_t>& counts,
               const Sink& sink);
  void free_finished();
  [[nodiscard]] bool in_use(RequestId id) const;
  [[nodiscard]] AnswerForm form_of(const chat::Request& request, const Prompt& prompt) const;
  /// A running choice of the same request, or null.
  [[nodiscard]] const Generation* sibling_of(const Generation& generation) const;
  /// Whether a waiting choice may start: its prompt is not just being computed for another one.
  [[nodiscard]] bool may_start(const Generation& generation) const;
  /// Begins a slot's sequence with the pages of another choice of the request, where there is one.
  void share_prompt(std::size_t slot);

  LoadedModel loaded_;
  ModelInfo info_;
  Options options_;
  PromptMaker prompts_;
  base::ThreadPool pool_;
  kernels::Context context_;
  model::KvCache cache_;
  model::Random seeds_;  // for requests that bring none
  std::deque<std::unique_ptr<Generation>> waiting_;
  std::vector<std::unique_ptr<Generation>> slots_;  // null: free
  std::vector<std::size_t> order_;                  // occupied slots, oldest first
  model::Batch batch_;
  std::vector<float> logits_;  // [row that wants them, vocabulary]
};

}  // namespace nearside::engine
