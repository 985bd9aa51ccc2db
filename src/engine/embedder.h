// Texts into vectors, beside the answers that a model writes: a piece of one text a step.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/request.h"
#include "engine/engine.h"
#include "engine/pooling.h"
#include "engine/reply.h"
#include "kernels/matmul.h"
#include "model/batch.h"
#include "model/kv_cache.h"
#include "model/model.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// Not thread-safe. Borrows model and tokenizer. Requests are served in turn.
class Embedder {
 public:
  Embedder(model::Model& model, const text::Tokenizer& tokenizer, Pooling pooling,
           std::size_t context_tokens_max)
      : model_(model),
        tokenizer_(tokenizer),
        pooling_(pooling),
        context_tokens_max_(context_tokens_max) {}

  /// Errors: kInvalidArgument (no input, an empty one, more dimensions than the model has),
  /// kContextLength.
  base::Status submit(RequestId id, const chat::Request& request,
                      std::optional<model::RowAdapter> adapter,
                      std::optional<base::SteadyTime> deadline);
  void cancel(RequestId id);
  [[nodiscard]] bool in_use(RequestId id) const;
  [[nodiscard]] std::size_t waiting() const { return jobs_.size(); }
  /// Computes at most `tokens_max` tokens, or a whole text where the model must see it at once.
  /// False: there was nothing to do.
  bool step(std::size_t tokens_max, base::SteadyTime now, kernels::Context& context,
            const Engine::Sink& sink);

 private:
  struct Job {
    std::unique_ptr<Reply> reply;
    std::vector<std::vector<model::TokenId>> inputs;
    std::size_t dimensions = 0;
    std::optional<model::RowAdapter> adapter{};
    std::optional<base::SteadyTime> deadline{};
    std::size_t input = 0;  // being read
    std::size_t computed = 0;
    std::optional<Pool> pool{};
  };
  base::Result<std::vector<model::TokenId>> tokens_of(const std::string& text,
                                                      std::size_t index) const;
  void compute(Job& job, std::size_t tokens_max, kernels::Context& context);

  model::Model& model_;
  const text::Tokenizer& tokenizer_;
  const Pooling pooling_;
  const std::size_t context_tokens_max_;
  std::unique_ptr<model::KvCache> cache_;  // of one sequence; null until a first request
  std::deque<Job> jobs_;
  model::Batch batch_;
  std::vector<float> states_;
};

}  // namespace nearside::engine
