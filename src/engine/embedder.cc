#include "engine/embedder.h"

#include <algorithm>
#include <span>
#include <utility>

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::TokenId;

namespace {

constexpr std::size_t kInputsMax = 2048;  // as OpenAI's API

}  // namespace

Status Embedder::submit(RequestId id, const chat::Request& request,
                        std::optional<model::RowAdapter> adapter,
                        std::optional<base::SteadyTime> deadline) {
  const std::size_t width = model_.hyperparameters().embedding;
  if (request.inputs.empty() || request.inputs.size() > kInputsMax)
    return fail(Code::kInvalidArgument, "there are {} inputs, but must be between 1 and {}",
                request.inputs.size(), kInputsMax);
  if (request.dimensions > width)
    return fail(Code::kInvalidArgument, "dimensions is {}, but the model's vectors have {}",
                request.dimensions, width);
  Job job{.reply = nullptr,
          .inputs = {},
          .dimensions = request.dimensions,
          .adapter = adapter,
          .deadline = deadline};
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    job.inputs.push_back(TRY(tokens_of(request.inputs[i], i)));
    tokens += job.inputs.back().size();
  }
  job.reply = std::make_unique<Reply>(id, 1, tokens);
  jobs_.push_back(std::move(job));
  return {};
}

Result<std::vector<TokenId>> Embedder::tokens_of(const std::string& text, std::size_t index) const {
  std::vector<TokenId> tokens = tokenizer_.encode(text);
  if (tokenizer_.add_bos() && tokenizer_.bos() >= 0)
    tokens.insert(tokens.begin(), tokenizer_.bos());
  if (tokenizer_.add_eos() && tokenizer_.eos() >= 0) tokens.push_back(tokenizer_.eos());
  if (tokens.empty() || text.empty())
    return fail(Code::kInvalidArgument, "input {} is empty; a vector needs some text", index);
  if (tokens.size() > context_tokens_max_)
    return fail(Code::kContextLength,
                "input {} has {} tokens, but the model's context holds {}; shorten it", index,
                tokens.size(), context_tokens_max_);
  return tokens;
}

void Embedder::cancel(RequestId id) {
  for (Job& job : jobs_)
    if (job.reply->id() == id) job.reply->cancel();
}

bool Embedder::in_use(RequestId id) const {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [id](const Job& job) { return job.reply->id() == id && !job.reply->over(); });
}

bool Embedder::step(std::size_t tokens_max, base::SteadyTime now, kernels::Context& context,
                    const Engine::Sink& sink) {
  for (Job& job : jobs_)
    if (job.deadline && *job.deadline <= now)
      job.reply->fail(
          fail(Code::kDeadline, "the vectors were not complete when the request's time was over"),
          sink);
  // What begins anew reads from the start: the one sequence is the first job's.
  if (!jobs_.empty() && jobs_.front().reply->over() && cache_ != nullptr) cache_->clear(0);
  std::erase_if(jobs_, [](const Job& job) { return job.reply->over(); });
  if (jobs_.empty()) return false;
  Job& job = jobs_.front();
  compute(job, tokens_max, context);
  if (job.computed < job.inputs[job.input].size()) return true;
  chat::Embedded done{static_cast<std::uint32_t>(job.input), job.pool->vector(job.dimensions)};
  job.pool.reset();
  job.computed = 0;
  cache_->clear(0);
  const bool last = ++job.input == job.inputs.size();
  std::vector<chat::Event> events;
  events.emplace_back(std::move(done));
  job.reply->tell(std::move(events), sink);
  if (last) job.reply->end_choice(0, chat::FinishReason::kStop, "", sink);
  return true;
}

void Embedder::compute(Job& job, std::size_t tokens_max, kernels::Context& context) {
  if (cache_ == nullptr)
    cache_ = std::make_unique<model::KvCache>(model_.kv_shape(1, context_tokens_max_));
  const std::size_t width = model_.hyperparameters().embedding;
  if (!job.pool) job.pool.emplace(pooling_, width);
  const std::vector<TokenId>& tokens = job.inputs[job.input];
  const std::size_t end =
      model_.generates() ? std::min(tokens.size(), job.computed + tokens_max) : tokens.size();
  cache_->reserve(0, end);
  batch_.clear();
  for (std::size_t at = job.computed; at < end; ++at)
    batch_.push_back({.sequence = 0,
                      .position = static_cast<std::uint32_t>(at),
                      .token = tokens[at],
                      .wants_logits = job.pool->wants(at, tokens.size()),
                      .adapter = job.adapter ? &*job.adapter : nullptr});
  states_.resize(model::logits_rows(batch_) * width);
  model_.states(batch_, *cache_, states_, context);
  for (std::size_t row = 0; row * width < states_.size(); ++row)
    job.pool->add(std::span(states_).subspan(row * width, width));
  job.computed = end;
}

}  // namespace nearside::engine
