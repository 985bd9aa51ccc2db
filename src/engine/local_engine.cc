#include "engine/local_engine.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "base/check.h"
#include "engine/forced_call.h"
#include "engine/request_check.h"
#include "engine/scheduler.h"

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Status;

namespace {

// What a generated token counts for in a tenant's share; one of a prompt counts 1. Source: as
// FairShare's.
constexpr std::uint64_t kGeneratedTokenCharge = 2;

}  // namespace

model::KvShape cache_shape(const model::Model& model, const Options& options) {
  model::KvShape shape = model.kv_shape(options.sequences_max, options.context_tokens_max);
  if (options.cache_type == CacheType::kQ8_0) shape.type = model::KvType::kQ8_0;
  shape.retained_pages_max = options.prefix_cache_tokens / model::KvCache::kPageTokens;
  return shape;
}

LocalEngine::LocalEngine(LoadedModel loaded, ModelInfo info, const Options& options,
                         const kernels::Table& table, const base::Clock& clock)
    : loaded_(std::move(loaded)),
      info_(std::move(info)),
      options_(options),
      clock_(clock),
      prompts_(*loaded_.tokenizer, loaded_.chat_template ? &*loaded_.chat_template : nullptr,
               loaded_.habits.template_knows_tools, clock),
      pool_(options.threads),
      context_{.table = table, .pool = pool_},
      cache_(cache_shape(*loaded_.model, options)),
      prefixes_(cache_, cache_.shape().retained_pages_max),
      embedder_(*loaded_.model, *loaded_.tokenizer, loaded_.pooling, options.context_tokens_max),
      constraints_(*loaded_.tokenizer),
      seeds_(static_cast<std::uint64_t>(clock.wall().time_since_epoch().count())),
      slots_(options.sequences_max) {}

Status LocalEngine::add_adapter(const std::string& name, base::MappedFile file) {
  if (!loaded_.model->generates())
    return fail(Code::kUnsupported, "{} takes no adapters", info_.architecture);
  return adapters_.add(name, std::move(file), loaded_.model->hyperparameters(), context_.table);
}

Status LocalEngine::set_draft(base::MappedFile file) {
  CHECK(draft_ == nullptr);
  const DraftOptions options{.sequences_max = options_.sequences_max,
                             .context_tokens_max = options_.context_tokens_max,
                             .batch_tokens_max = options_.batch_tokens_max,
                             .threads = options_.threads};
  base::Result<std::unique_ptr<Draft>> draft =
      Draft::load(std::move(file), *loaded_.tokenizer, options, context_.table);
  if (!draft) return std::move(draft).error().with_context("draft model");
  draft_ = std::move(*draft);
  return {};
}

Status LocalEngine::submit(RequestId id, const chat::Request& request) {
  CHECK(!in_use(id));
  TRY(check_request(request, loaded_.tokenizer->size()));
  // Those the next step will admit are not waiting, nor are those who have been interrupted.
  const std::size_t free_slots = slots_.size() - order_.size();
  const auto fresh = static_cast<std::size_t>(
      std::count_if(waiting_.begin(), waiting_.end(),
                    [](const auto& waiting) { return !waiting->interrupted(); }));
  if (fresh + embedder_.waiting() + request.choices > options_.queue_max + free_slots)
    return fail(Code::kExhausted, "{} requests are waiting for this model already; try again later",
                fresh);
  const std::optional<model::RowAdapter> adapter = TRY(adapters_.find(request));
  if (request.kind == chat::Request::Kind::kEmbedding)
    return embedder_.submit(
        id, request, adapter,
        request.time_max ? std::optional(clock_.steady() + *request.time_max) : std::nullopt);
  if (!loaded_.model->generates())
    return fail(Code::kUnsupported,
                "{} makes vectors of texts and writes none; ask for embeddings, or another model",
                info_.architecture);
  std::optional<ForcedCall> forced;
  if (request.kind == chat::Request::Kind::kChat)
    forced = forced_call(request, *loaded_.habits.tools);
  const std::shared_ptr<grammar::Constraint> constraint =
      TRY(constraints_.compile(forced ? forced->format : request.format));
  if (forced && !request.begun.empty())
    return fail(Code::kUnsupported, "a tool call that must come cannot follow a text");
  const bool chat = request.kind == chat::Request::Kind::kChat;
  const Prompt prompt = TRY(
      prompts_.make(request, forced ? forced->begin : loaded_.tokenizer->with_breaks(request.begun),
                    chat ? loaded_.habits.reasoning : nullptr));
  if (prompt.tokens.size() >= options_.context_tokens_max)
    return fail(Code::kContextLength,
                "the prompt has {} tokens, but the model's context of {} tokens must hold it and "
                "at least one token of the answer; shorten the prompt",
                prompt.tokens.size(), options_.context_tokens_max);
  const GenerationLimits limits{.context_tokens_max = options_.context_tokens_max,
                                .completion_tokens_max = request.completion_tokens_max.value_or(
                                    static_cast<std::uint32_t>(options_.context_tokens_max)),
                                .deadline = request.time_max
                                                ? std::optional(clock_.steady() + *request.time_max)
                                                : std::nullopt};
  const std::uint64_t seed = request.sampling.seed ? *request.sampling.seed : seeds_.next();
  const auto reply = std::make_shared<Reply>(id, request.choices, prompt.tokens.size());
  model::Random further_seeds(seed);  // the first choice is what a request for one would get
  AnswerForm form = form_of(request, prompt);
  if (forced) form.begun = forced->begin;
  const std::string space = prefix_space(
      options_.share_prefixes_between_tenants ? std::string() : request.tenant, request);
  for (std::uint32_t choice = 0; choice < request.choices; ++choice) {
    GenerationStart parts{.reply = reply,
                          .choice = choice,
                          .prompt = prompt.tokens,
                          .arrival = arrivals_++,
                          .seed = choice == 0 ? seed : further_seeds.next(),
                          .guessed_tokens_max = options_.guessed_tokens_max,
                          .limits = limits,
                          .form = form,
                          .spelled_tokens = request.kind == chat::Request::Kind::kChat
                                                ? &loaded_.habits.spelled_tokens
                                                : nullptr,
                          .constraint = constraint,
                          .prefix_space = space,
                          .adapter = adapter};
    parts.form.call_id_seed += choice;
    waiting_.push_back(std::make_unique<Generation>(std::move(parts), request, *loaded_.tokenizer));
    share_.begin(request.tenant);
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
  const auto is = [id](const auto& generation) {
    return generation != nullptr && generation->id() == id && !generation->finished();
  };
  return embedder_.in_use(id) || std::any_of(waiting_.begin(), waiting_.end(), is) ||
         std::any_of(slots_.begin(), slots_.end(), is);
}

void LocalEngine::cancel(RequestId id) {
  embedder_.cancel(id);
  // Only marked: the sink may call this while its generation is still at work.
  for (const auto& generation : waiting_)
    if (generation->id() == id) generation->reply().cancel();
  for (const auto& generation : slots_)
    if (generation != nullptr && generation->id() == id) generation->reply().cancel();
}

bool LocalEngine::step(const Sink& sink) {
  const bool answered = step_answers(sink);
  const bool realtime = std::any_of(order_.begin(), order_.end(), [this](std::size_t slot) {
    return slots_[slot]->priority() == chat::Priority::kRealtime;
  });
  const std::size_t tokens_max =
      realtime ? std::min(options_.batch_tokens_max, kStepTokensBesideRealtime)
               : options_.batch_tokens_max;
  return embedder_.step(tokens_max, clock_.steady(), context_, sink) || answered;
}

bool LocalEngine::step_answers(const Sink& sink) {
  end_late(sink);
  forget_ended();
  free_finished();
  const bool admitted = admit(sink);
  if (order_.empty()) return admitted;
  std::vector<Job> jobs;
  jobs.reserve(order_.size());
  for (const std::size_t slot : order_) jobs.push_back(job_of(*slots_[slot]));
  compute(plan_step(jobs, options_.batch_tokens_max), sink);
  forget_ended();
  free_finished();
  return true;
}

void LocalEngine::end_late(const Sink& sink) {
  std::vector<Generation*> late;
  const base::SteadyTime now = clock_.steady();
  for (const auto* const all : {&waiting_, &slots_})
    for (const auto& generation : *all)
      if (generation != nullptr && !generation->finished() && generation->deadline() &&
          *generation->deadline() <= now)
        late.push_back(generation.get());
  for (Generation* const generation : late)
    generation->reply().fail(
        fail(Code::kDeadline, "the answer was not complete when the request's time was over"),
        sink);
}

Job LocalEngine::job_of(const Generation& generation) const {
  Job job{.priority = generation.priority(),
          .tenant = generation.tenant(),
          .served = share_.served(generation.tenant()),
          .arrival = generation.arrival(),
          .pending = generation.pending(),
          .idle_steps = generation.idle_steps()};
  // A prompt that another choice is reading just now will be there when it has.
  const Generation* const sibling = sibling_of(generation);
  job.may_start = sibling == nullptr || sibling->computed() >= sibling->prompt_tokens();
  return job;
}

bool LocalEngine::admit(const Sink& sink) {
  bool any = false;
  while (true) {
    std::vector<Job> waiting;
    waiting.reserve(waiting_.size());
    for (const auto& generation : waiting_) waiting.push_back(job_of(*generation));
    const std::optional<std::size_t> next = pick_waiting(waiting);
    if (!next) return any;
    auto slot = std::find(slots_.begin(), slots_.end(), nullptr);
    if (slot == slots_.end()) {
      std::vector<Job> running;
      for (const std::size_t occupied : order_) running.push_back(job_of(*slots_[occupied]));
      const auto victim = pick_victim(running, waiting[*next], share_.active());
      if (!victim) return any;
      slot = slots_.begin() + static_cast<std::ptrdiff_t>(order_[*victim]);
    }
    any = true;
    // Taken out of the queue before the interrupted one goes into it.
    const auto at = waiting_.begin() + static_cast<std::ptrdiff_t>(*next);
    std::unique_ptr<Generation> generation = std::move(*at);
    waiting_.erase(at);
    if (generation->starts_finished()) {
      generation->finish(chat::FinishReason::kLength, sink);
      share_.end(generation->tenant());
      continue;
    }
    const auto index = static_cast<std::size_t>(slot - slots_.begin());
    if (*slot != nullptr) preempt(index);
    start(index, std::move(generation));
  }
}

void LocalEngine::start(std::size_t slot, std::unique_ptr<Generation> generation) {
  slots_[slot] = std::move(generation);
  order_.push_back(slot);
  share_pages(slot);
}

void LocalEngine::preempt(std::size_t slot) {
  keep_prefix(slot);
  slots_[slot]->interrupt();
  waiting_.push_back(std::move(slots_[slot]));
  std::erase(order_, slot);
  cache_.clear(static_cast<model::SequenceIndex>(slot));
}

const Generation* LocalEngine::sibling_of(const Generation& generation) const {
  for (const std::size_t slot : order_)
    if (&slots_[slot]->reply() == &generation.reply() && slots_[slot].get() != &generation)
      return slots_[slot].get();
  return nullptr;
}

void LocalEngine::share_pages(std::size_t slot) {
  Generation& generation = *slots_[slot];
  // The last token is always computed: its scores are what comes next.
  const std::size_t wanted = generation.tokens().size() - 1;
  PrefixCache::Found found =
      prefixes_.find(generation.prefix_space(), std::span(generation.tokens()).first(wanted));
  const Generation* const sibling = sibling_of(generation);
  if (sibling != nullptr && !generation.interrupted()) {
    const auto from = *std::find_if(order_.begin(), order_.end(), [&](std::size_t other) {
      return slots_[other].get() == sibling;
    });
    const auto pages = cache_.pages(static_cast<model::SequenceIndex>(from));
    const std::size_t count =
        (wanted + model::KvCache::kPageTokens - 1) / model::KvCache::kPageTokens;
    found = {.pages = {pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(count)},
             .tokens = wanted};
  }
  if (found.tokens == 0) return;
  const auto sequence = static_cast<model::SequenceIndex>(slot);
  cache_.adopt(sequence, found.pages);
  cache_.truncate(sequence, found.tokens);
  generation.mark_computed(found.tokens);
  if (!generation.interrupted() && generation.choice() == 0)
    generation.reply().set_cached(found.tokens);
}

void LocalEngine::keep_prefix(std::size_t slot) {
  const Generation& generation = *slots_[slot];
  prefixes_.keep(generation.prefix_space(),
                 std::span(generation.tokens()).first(generation.computed()),
                 cache_.pages(static_cast<model::SequenceIndex>(slot)));
}

void LocalEngine::compute(const std::vector<std::size_t>& counts, const Sink& sink) {
  const std::vector<std::size_t> slots = order_;
  std::vector<Computed> parts(slots.size());
  const std::size_t planned = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  const std::size_t guess_rows_max = std::min(options_.guess_rows_max, options_.batch_tokens_max);
  std::vector<std::vector<model::TokenId>> guesses =
      guess(slots, counts, guess_rows_max - std::min(guess_rows_max, planned));
  batch_.clear();
  std::size_t scored_rows = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Generation& generation = *slots_[slots[i]];
    const auto sequence = static_cast<model::SequenceIndex>(slots[i]);
    const std::size_t begin = generation.computed();
    const bool generates = generation.pending() == 1;
    generation.count_step(counts[i]);
    if (counts[i] == 0) continue;
    parts[i] = {.tokens = counts[i], .first_row = scored_rows, .guesses = std::move(guesses[i])};
    cache_.reserve(sequence, begin + counts[i]);
    for (std::size_t at = begin; at < begin + counts[i]; ++at)
      batch_.push_back({.sequence = sequence,
                        .position = static_cast<std::uint32_t>(at),
                        .token = generation.tokens()[at],
                        .wants_logits = at + 1 == generation.tokens().size(),
                        .adapter = generation.adapter()});
    generation.mark_computed(counts[i]);
    add_guesses(slots[i], parts[i]);
    share_.charge(generation.tenant(),
                  generates ? kGeneratedTokenCharge + parts[i].guesses.size() : counts[i]);
    scored_rows += generation.pending() == 0 ? 1 + parts[i].guesses.size() : 0;
  }
  logits_.resize(scored_rows * loaded_.model->hyperparameters().vocabulary);
  loaded_.model->forward(batch_, cache_, logits_, context_);

  for (std::size_t i = 0; i < slots.size(); ++i)
    if (parts[i].tokens > 0 && slots_[slots[i]]->pending() == 0) choose(slots[i], parts[i], sink);
}

std::vector<std::vector<model::TokenId>> LocalEngine::guess(const std::vector<std::size_t>& slots,
                                                            const std::vector<std::size_t>& counts,
                                                            std::size_t room) {
  std::vector<std::vector<model::TokenId>> guesses(slots.size());
  std::vector<Draft::Want> wants;
  std::vector<std::size_t> asked;  // whose
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Generation& generation = *slots_[slots[i]];
    if (counts[i] == 0 || generation.pending() != 1) continue;
    guesses[i] = generation.guess(room);
    room -= guesses[i].size();
    const std::size_t more =
        draft_ != nullptr && guesses[i].empty() ? generation.guesses_wanted(room) : 0;
    if (more == 0) continue;
    wants.push_back({.slot = slots[i], .tokens = generation.tokens(), .count = more});
    asked.push_back(i);
    room -= more;
  }
  if (wants.empty()) return guesses;
  std::vector<std::vector<model::TokenId>> drafted = draft_->guess(wants, context_);
  for (std::size_t i = 0; i < asked.size(); ++i) guesses[asked[i]] = std::move(drafted[i]);
  return guesses;
}

void LocalEngine::add_guesses(std::size_t slot, const Computed& computed) {
  const Generation& generation = *slots_[slot];
  const auto sequence = static_cast<model::SequenceIndex>(slot);
  cache_.reserve(sequence, generation.computed() + computed.guesses.size());
  for (std::size_t i = 0; i < computed.guesses.size(); ++i)
    batch_.push_back({.sequence = sequence,
                      .position = static_cast<std::uint32_t>(generation.computed() + i),
                      .token = computed.guesses[i],
                      .wants_logits = true,
                      .adapter = generation.adapter()});
}

void LocalEngine::choose(std::size_t slot, const Computed& computed, const Sink& sink) {
  Generation& generation = *slots_[slot];
  // At once and not at the end only: whoever asks alike meanwhile finds it.
  if (generation.tokens().size() == generation.prompt_tokens()) keep_prefix(slot);
  const std::size_t vocabulary = loaded_.model->hyperparameters().vocabulary;
  std::size_t right = 0;
  for (std::size_t i = 0; i <= computed.guesses.size(); ++i) {
    if (generation.finished()) break;  // also where the sink cancelled it in this very step
    // Rows of the embedding past the vocabulary are padding: no token to choose.
    generation.advance(std::span(logits_).subspan((computed.first_row + i) * vocabulary,
                                                  loaded_.tokenizer->size()),
                       sink);
    if (generation.finished() || i == computed.guesses.size() ||
        generation.tokens().back() != computed.guesses[i])
      break;
    // The row behind it was computed for this very token: as good as if it had come alone.
    generation.mark_computed(1);
    ++right;
  }
  if (computed.tokens == 1 || !computed.guesses.empty())
    generation.report_guess(computed.guesses.size(), right);
  if (right < computed.guesses.size())
    cache_.truncate(static_cast<model::SequenceIndex>(slot), generation.computed());
}

void LocalEngine::forget_ended() {
  std::erase_if(waiting_, [this](const auto& generation) {
    if (!generation->finished()) return false;
    share_.end(generation->tenant());
    return true;
  });
}

void LocalEngine::free_finished() {
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot] == nullptr || !slots_[slot]->finished()) continue;
    keep_prefix(slot);
    share_.end(slots_[slot]->tenant());
    slots_[slot].reset();
    std::erase(order_, slot);
    cache_.clear(static_cast<model::SequenceIndex>(slot));
  }
}

}  // namespace nearside::engine
