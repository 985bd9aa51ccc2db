#include "engine/local_engine.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "engine/request_check.h"
#include "engine/scheduler.h"

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Status;

LocalEngine::LocalEngine(LoadedModel loaded, ModelInfo info, const Options& options,
                         const kernels::Table& table, const base::Clock& clock)
    : loaded_(std::move(loaded)),
      info_(std::move(info)),
      options_(options),
      prompts_(*loaded_.tokenizer, loaded_.chat_template ? &*loaded_.chat_template : nullptr,
               loaded_.habits.template_knows_tools, clock),
      pool_(options.threads),
      context_{.table = table, .pool = pool_},
      cache_(loaded_.model->kv_shape(options.sequences_max, options.context_tokens_max)),
      seeds_(static_cast<std::uint64_t>(clock.wall().time_since_epoch().count())),
      slots_(options.sequences_max) {}

Status LocalEngine::submit(RequestId id, const chat::Request& request) {
  CHECK(!in_use(id));
  TRY(check_request(request, loaded_.tokenizer->size()));
  // Those the next step will admit are not waiting.
  const std::size_t free_slots = slots_.size() - order_.size();
  if (waiting_.size() + request.choices > options_.queue_max + free_slots)
    return fail(Code::kExhausted, "{} requests are waiting for this model already; try again later",
                waiting_.size());
  const Prompt prompt = TRY(prompts_.make(request));
  if (prompt.tokens.size() >= options_.context_tokens_max)
    return fail(Code::kContextLength,
                "the prompt has {} tokens, but the model's context of {} tokens must hold it and "
                "at least one token of the answer; shorten the prompt",
                prompt.tokens.size(), options_.context_tokens_max);
  const GenerationLimits limits{.context_tokens_max = options_.context_tokens_max,
                                .completion_tokens_max = request.completion_tokens_max.value_or(
                                    static_cast<std::uint32_t>(options_.context_tokens_max))};
  const std::uint64_t seed = request.sampling.seed ? *request.sampling.seed : seeds_.next();
  const auto reply = std::make_shared<Reply>(id, request.choices, prompt.tokens.size());
  model::Random further_seeds(seed);  // the first choice is what a request for one would get
  const AnswerForm form = form_of(request, prompt);
  for (std::uint32_t choice = 0; choice < request.choices; ++choice) {
    GenerationStart start{.reply = reply,
                          .choice = choice,
                          .prompt = prompt.tokens,
                          .seed = choice == 0 ? seed : further_seeds.next(),
                          .limits = limits,
                          .form = form,
                          .spelled_tokens = request.kind == chat::Request::Kind::kChat
                                                ? &loaded_.habits.spelled_tokens
                                                : nullptr};
    start.form.call_id_seed += choice;
    waiting_.push_back(std::make_unique<Generation>(std::move(start), request, *loaded_.tokenizer));
  }
  return {};
}

AnswerForm LocalEngine::form_of(const chat::Request& request, const Prompt& prompt) const {
  AnswerForm form;
  if (request.kind != chat::Request::Kind::kChat) return form;
  const ChatHabits& habits = loaded_.habits;
  form.reasoning = habits.reasoning;
  form.reasoning_open =
      habits.reasoning != nullptr && prompt_opens_reasoning(*habits.reasoning, prompt.text);
  form.tool_names = tool_names(offered_tools(request));
  if (!form.tool_names.empty()) form.tools = habits.tools;
  form.one_call_only = !request.parallel_tool_calls;
  // Told by prompt and seed alone, so that equal requests have equal answers, and different in each
  // turn of a conversation, where one seed comes with ever longer prompts.
  form.call_id_seed =
      std::hash<std::string>{}(prompt.text) + request.sampling.seed.value_or(prompt.tokens.size());
  return form;
}

bool LocalEngine::in_use(RequestId id) const {
  return std::any_of(waiting_.begin(), waiting_.end(),
                     [&](const auto& waiting) { return waiting->id() == id; }) ||
         std::any_of(order_.begin(), order_.end(), [&](std::size_t slot) {
           return slots_[slot]->id() == id && !slots_[slot]->finished();
         });
}

void LocalEngine::cancel(RequestId id) {
  std::erase_if(waiting_, [&](const auto& waiting) { return waiting->id() == id; });
  // Only marked: the sink may call this while its generation is still at work.
  for (const std::size_t slot : order_)
    if (slots_[slot]->id() == id) slots_[slot]->reply().cancel();
}

bool LocalEngine::step(const Sink& sink) {
  free_finished();
  const bool admitted = admit(sink);
  if (order_.empty()) return admitted;
  const std::vector<std::size_t> slots = order_;
  std::vector<std::size_t> pending;
  pending.reserve(slots.size());
  for (const std::size_t slot : slots) pending.push_back(slots_[slot]->pending());
  compute(slots, plan_step(pending, options_.batch_tokens_max), sink);
  free_finished();
  return true;
}

bool LocalEngine::admit(const Sink& sink) {
  bool any = false;
  for (std::size_t slot = 0; slot < slots_.size() && !waiting_.empty();) {
    if (slots_[slot] != nullptr) {
      ++slot;
      continue;
    }
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [this](const auto& waiting) { return may_start(*waiting); });
    if (found == waiting_.end()) break;
    std::unique_ptr<Generation> next = std::move(*found);
    waiting_.erase(found);
    any = true;
    if (next->starts_finished()) {
      next->finish(chat::FinishReason::kLength, sink);
      continue;
    }
    if (next->finished()) continue;  // the sink has cancelled, or another choice has failed
    slots_[slot] = std::move(next);
    order_.push_back(slot);
    share_prompt(slot);
  }
  return any;
}

const Generation* LocalEngine::sibling_of(const Generation& generation) const {
  for (const std::size_t slot : order_)
    if (slots_[slot]->id() == generation.id() && slots_[slot].get() != &generation)
      return slots_[slot].get();
  return nullptr;
}

bool LocalEngine::may_start(const Generation& generation) const {
  const Generation* const sibling = sibling_of(generation);
  return sibling == nullptr || sibling->computed() >= sibling->prompt_tokens();
}

void LocalEngine::share_prompt(std::size_t slot) {
  Generation& generation = *slots_[slot];
  const Generation* const sibling = sibling_of(generation);
  if (sibling == nullptr) return;
  const auto from = static_cast<model::SequenceIndex>(
      *std::find_if(order_.begin(), order_.end(),
                    [&](std::size_t other) { return slots_[other].get() == sibling; }));
  const auto to = static_cast<model::SequenceIndex>(slot);
  // The prompt's last token is computed again: its scores are what the choice begins with.
  const std::size_t tokens = generation.prompt_tokens() - 1;
  const std::size_t pages =
      (tokens + model::KvCache::kPageTokens - 1) / model::KvCache::kPageTokens;
  cache_.adopt(to, cache_.pages(from).first(pages));
  cache_.truncate(to, tokens);
  generation.mark_computed(tokens);
}

void LocalEngine::compute(const std::vector<std::size_t>& slots,
                          const std::vector<std::size_t>& counts, const Sink& sink) {
  batch_.clear();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Generation& generation = *slots_[slots[i]];
    const auto sequence = static_cast<model::SequenceIndex>(slots[i]);
    const std::size_t begin = generation.computed();
    if (counts[i] == 0) continue;
    cache_.reserve(sequence, begin + counts[i]);
    for (std::size_t at = begin; at < begin + counts[i]; ++at)
      batch_.push_back({.sequence = sequence,
                        .position = static_cast<std::uint32_t>(at),
                        .token = generation.tokens()[at],
                        .wants_logits = at + 1 == generation.tokens().size()});
    generation.mark_computed(counts[i]);
  }
  const std::size_t vocabulary = loaded_.model->hyperparameters().vocabulary;
  logits_.resize(model::logits_rows(batch_) * vocabulary);
  loaded_.model->forward(batch_, cache_, logits_, context_);

  std::size_t row = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Generation& generation = *slots_[slots[i]];
    if (counts[i] == 0 || generation.pending() != 0) continue;
    const std::size_t at = row++ * vocabulary;
    if (generation.finished()) continue;  // cancelled by the sink in this very step
    // Rows of the embedding past the vocabulary are padding: no token to choose.
    generation.advance(std::span(logits_).subspan(at, loaded_.tokenizer->size()), sink);
  }
}

void LocalEngine::free_finished() {
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot] == nullptr || !slots_[slot]->finished()) continue;
    slots_[slot].reset();
    std::erase(order_, slot);
    cache_.clear(static_cast<model::SequenceIndex>(slot));
  }
}

}  // namespace nearside::engine
