#include "gateway/comparisons.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/answer_collector.h"
#include "gateway/attempt.h"
#include "gateway/pseudonymised_call.h"
#include "policy/pseudonyms/consider.h"
#include "policy/taint.h"

namespace nearside::gateway {
namespace {

using telemetry::Outcome;

std::int64_t day_of(base::WallTime now) {
  return std::chrono::duration_cast<std::chrono::hours>(now.time_since_epoch()).count() / 24;
}

/// What such a request may cost there at most. A target without a price costs nothing known.
double cost_most(const policy::Target& target, std::uint64_t prompt_tokens,
                 std::uint64_t answer_tokens, double busy_seconds) {
  policy::Consumption most;
  most.input_tokens = prompt_tokens;
  most.output_tokens = answer_tokens;
  most.busy_seconds = busy_seconds;
  return policy::cost_usd(target, most).value_or(0);
}

/// For each answer; whatever takes longer is of no use any more.
constexpr std::chrono::minutes kTimeMax{5};

}  // namespace

/// One second answer, and the judge's word on it where there is one. Kept alive by its sinks.
class Comparisons::Run : public std::enable_shared_from_this<Run> {
 public:
  Run(Comparisons& owner, std::uint64_t id, Sample sample, std::size_t considered,
      double reserved_usd, QuotaHold hold)
      : owner_(owner),
        parts_(owner.parts_),
        id_(id),
        sample_(std::move(sample)),
        second_(sample_.decision.considered[considered]),
        reserved_usd_(reserved_usd),
        day_(day_of(parts_.clock.wall())),
        hold_(std::move(hold)) {
    record_.decision_id = parts_.decision_ids.next();
    record_.time = parts_.clock.wall();
    record_.operation = "comparison";
    record_.sensitivity = policy::sensitivity_name(sample_.decision.ask.label.sensitivity);
    record_.categories = sample_.decision.ask.label.categories;
    began_ = parts_.clock.steady();
  }

  void start() {
    chat::Request request = sample_.request;
    request.priority = chat::Priority::kBatch;
    if (!request.completion_tokens_max)
      request.completion_tokens_max = static_cast<std::uint32_t>(kAnswerTokensReserved);
    const ComparisonRules& rules = sample_.snapshot->config.comparisons;
    const policy::Target& target = target_of(second_.target_index);
    if (rules.logprob_mean_min && target.local && !request.logprobs) request.logprobs = 0;
    ask(second_.target_index, second_.hidden, std::move(request));
  }

  /// True: it ends here, and no sink is called any more. False: it is about to tell its owner.
  bool cancel() {
    std::unique_ptr<chat::Call> call;
    {
      const std::scoped_lock lock(mutex_);
      if (over_) return false;
      over_ = true;
      call = std::move(call_);
    }
    call.reset();
    return true;
  }

 private:
  [[nodiscard]] const policy::Target& target_of(std::size_t index) const {
    return sample_.snapshot->config.policy.targets[index];
  }

  void ask(std::size_t target_index, bool hidden, chat::Request request) {
    std::size_t attempt = 0;
    {
      const std::scoped_lock lock(mutex_);
      if (over_) return;
      attempt = ++attempt_;
      target_index_ = target_index;
      hidden_ = hidden;
      request.time_max = kTimeMax;
      meter_.emplace(target_of(target_index), parts_.clock.steady());
      queued_ = sample_.snapshot->figures.started(target_index);
    }
    chat::Backend& backend = *sample_.snapshot->reach[target_index].backend;
    chat::Sink sink = [self = shared_from_this(), attempt](chat::Event event) {
      self->on_event(attempt, std::move(event));
    };
    auto call = hidden ? start_pseudonymised(backend, sample_.snapshot->labeler,
                                             *sample_.snapshot->config.policy.pseudonyms,
                                             std::move(request), std::move(sink))
                       : backend.start(std::move(request), std::move(sink));
    const std::scoped_lock lock(mutex_);
    // Its end may have come already, or the judge been asked.
    if (!over_ && attempt == attempt_ && meter_)
      call_ = std::move(call);
    else
      dropped_.push_back(std::move(call));
  }

  void on_event(std::size_t attempt, chat::Event event) {
    const auto alive = shared_from_this();  // the call that is dropped below holds it, too
    std::unique_ptr<chat::Call> drop;
    std::optional<chat::Request> judge;
    bool over = false;
    {
      const std::scoped_lock lock(mutex_);
      if (over_ || attempt != attempt_ || !meter_) return;
      const base::SteadyTime now = parts_.clock.steady();
      if (const auto* finished = std::get_if<chat::Finished>(&event)) {
        close(Outcome::kOk, "", finished->usage, now);
        over = judging_ ? !take_verdict(collector_.take(*finished))
                        : !take_answer(collector_.take(*finished), judge);
      } else if (const auto* failed = std::get_if<chat::Failed>(&event)) {
        close(Outcome::kFailed, base::code_name(failed->error.code), failed->usage, now);
        over = true;
      } else {
        if (const std::size_t bytes = content_bytes(event)) meter_->content(bytes, now);
        if (const base::Status kept = collector_.add(std::move(event)); !kept) {
          close(Outcome::kFailed, base::code_name(kept.error().code),
                meter_->usage_so_far(sample_.decision.ask.prompt_tokens), now);
          over = true;
        }
      }
      if (over || judge) drop = std::move(call_);
      if (over) over_ = true;
    }
    drop.reset();
    if (judge) ask_judge(*std::move(judge));
    if (over) conclude();
  }

  /// With mutex_ held. True: `judge` has to decide.
  bool take_answer(WholeAnswer second, std::optional<chat::Request>& judge) {
    const ComparisonRules& rules = sample_.snapshot->config.comparisons;
    comparison_ = compare(sample_.answer, second, sample_.request.format, rules.logprob_mean_min);
    if (comparison_.decided() || rules.judge.empty()) return false;
    // Models favour what stands first; half of the time that is the one, half the other.
    swapped_ = id_ % 2 == 1;
    judge = swapped_ ? judge_request(sample_.request, second, sample_.answer)
                     : judge_request(sample_.request, sample_.answer, second);
    judging_ = true;
    collector_ = {};
    return true;
  }

  bool take_verdict(const WholeAnswer& verdict) {
    const std::string& text = verdict.choices.front().text;
    comparison_ = read_verdict(text);
    if (swapped_) std::swap(comparison_.first, comparison_.second);
    return false;
  }

  /// What the judge reads holds both answers, so it is labelled and decided about like a request of
  /// its own that names the judge.
  void ask_judge(chat::Request request) {
    const Snapshot& snapshot = *sample_.snapshot;
    const policy::PolicySet& set = snapshot.config.policy;
    const policy::Conversation conversation = policy::Conversation::of(request);
    const policy::Taint earlier = policy::taint_of(sample_.decision.ask.label);
    policy::LabelContext context;
    context.earlier = &earlier;
    auto label = snapshot.labeler.label(conversation, context);
    if (!label) return give_up();
    label->sensitivity = std::max(label->sensitivity, sample_.decision.ask.label.sensitivity);
    policy::Ask ask = policy::make_ask(conversation, *std::move(label), kVerdictTokensMax);
    ask.model = snapshot.config.comparisons.judge;
    ask.tenant = sample_.decision.ask.tenant;
    ask.tenant_regions = sample_.decision.ask.tenant_regions;
    ask.priority = chat::Priority::kBatch;
    policy::consider_pseudonyms(set, snapshot.labeler, request, ask);
    const auto decision = policy::decide(set, snapshot.live(parts_.clock.steady()), std::move(ask),
                                         parts_.clock.wall());
    if (!decision || decision->refused()) return give_up();
    request.priority = chat::Priority::kBatch;
    this->ask(decision->chosen().target_index, decision->chosen().hidden, std::move(request));
  }

  /// Without a judge the comparison stays as it is.
  void give_up() {
    {
      const std::scoped_lock lock(mutex_);
      if (over_) return;
      over_ = true;
    }
    conclude();
  }

  /// With mutex_ held.
  void close(Outcome outcome, std::string_view error_code, const chat::Usage& usage,
             base::SteadyTime now) {
    telemetry::Attempt attempt = meter_->close(outcome, error_code, usage, now);
    attempt.started_ms = milliseconds_between(began_, now) - attempt.total_ms;
    attempt.pseudonyms = hidden_;
    attempt.shadow = true;
    sample_.snapshot->figures.finished(
        target_index_, now,
        {.ttft_ms = attempt.ttft_ms.value_or(0),
         .tokens_per_second = 0,
         .total_ms = attempt.total_ms,
         .queued = queued_,
         .prompt_tokens = static_cast<double>(sample_.decision.ask.prompt_tokens)});
    telemetry::add_attempt(record_, std::move(attempt));
    meter_.reset();
  }

  void conclude() {
    const std::string& first = target_of(sample_.target_index).name;
    const bool answered = !comparison_.outcome.empty();
    const std::string_view outcome = answered ? comparison_.outcome : "unanswered";
    const double cost = record_.cost_usd.value_or(0);
    record_.target = second_.target;
    record_.place = policy::place_name(second_.place);
    record_.region = second_.region;
    record_.outcome = answered ? Outcome::kOk : Outcome::kFailed;
    record_.total_ms = milliseconds_between(began_, parts_.clock.steady());
    base::json::object said{{"compared", sample_.decision_id},
                            {"first", first},
                            {"second", second_.target},
                            {"outcome", outcome}};
    if (comparison_.decided())
      said["good"] =
          base::json::object{{first, *comparison_.first}, {second_.target, *comparison_.second}};
    record_.decision_json = base::json::serialize(said);
    if (sample_.snapshot->config.comparisons.charged) {
      record_.tenant = sample_.tenant;
      record_.key_name = sample_.key_name;
    }
    hold_.settle(record_.input_tokens + record_.output_tokens, cost);
    parts_.metrics.comparison_ended(first, second_.target, outcome, cost);
    if (comparison_.decided() && parts_.feedback != nullptr) {
      learn(first, *comparison_.first);
      learn(second_.target, *comparison_.second);
    }
    if (base::Status queued = parts_.ledger.finish(record_, [](const base::Status&) {}); !queued)
      parts_.metrics.ledger_failed();
    owner_.ended(id_, day_, reserved_usd_, cost);
  }

  void learn(const std::string& target, double good) {
    if (base::Status kept = parts_.feedback->compared(
            {sample_.decision_id, good, sample_.tenant, ""}, target, sample_.prompt);
        !kept)
      parts_.log.warn("comparisons", "not learned: {}", kept.error().message);
  }

  Comparisons& owner_;
  const Parts parts_;  // a copy: once cancelled, choosing a judge may outlive the owner
  const std::uint64_t id_;
  const Sample sample_;
  const policy::Considered second_;
  const double reserved_usd_;
  const std::int64_t day_;

  std::mutex mutex_;  // guards all below until over_
  bool over_ = false;
  QuotaHold hold_;
  telemetry::Record record_;
  base::SteadyTime began_;
  std::size_t attempt_ = 0;
  std::size_t target_index_ = 0;
  bool hidden_ = false;
  bool queued_ = false;
  std::optional<AttemptMeter> meter_;
  AnswerCollector collector_;
  std::unique_ptr<chat::Call> call_;
  std::vector<std::unique_ptr<chat::Call>> dropped_;  // ended before they were known
  bool judging_ = false;
  bool swapped_ = false;
  Comparison comparison_{};
};

Comparisons::Comparisons(Parts parts, std::uint64_t seed) : parts_(parts), random_(seed) {}

Comparisons::~Comparisons() {
  std::map<std::uint64_t, std::shared_ptr<Run>> runs;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.wait(lock, [this] { return reserving_ == 0; });
    runs = runs_;
  }
  for (const auto& [id, run] : runs) {
    if (!run->cancel()) continue;
    const std::scoped_lock lock(mutex_);
    runs_.erase(id);
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return runs_.empty(); });
}

std::size_t Comparisons::under_way() const {
  const std::scoped_lock lock(mutex_);
  return runs_.size();
}

bool Comparisons::draws(const ComparisonRules& rules, const policy::Decision& decision,
                        const chat::Request& request, bool uses_template) {
  if (rules.share <= 0 || request.kind == chat::Request::Kind::kEmbedding || request.choices != 1 ||
      uses_template || decision.refused() ||
      decision.ask.label.sensitivity > rules.sensitivity_max || decision.ranked.size() < 2 ||
      std::find(rules.tenants.begin(), rules.tenants.end(), decision.ask.tenant) ==
          rules.tenants.end())
    return false;
  const std::scoped_lock lock(mutex_);
  return std::uniform_real_distribution<double>(0, 1)(random_) < rules.share;
}

std::optional<std::size_t> Comparisons::pick(const Sample& sample) {
  const std::vector<std::string>& wanted = sample.snapshot->config.comparisons.targets;
  std::vector<std::size_t> others;
  for (const std::size_t at : sample.decision.ranked) {
    const policy::Considered& one = sample.decision.considered[at];
    if (one.target_index != sample.target_index &&
        (wanted.empty() || std::find(wanted.begin(), wanted.end(), one.target) != wanted.end()))
      others.push_back(at);
  }
  if (others.empty()) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  return others[random_() % others.size()];
}

void Comparisons::skipped(const Sample& sample, std::string_view why) {
  parts_.metrics.comparison_ended(sample.snapshot->config.policy.targets[sample.target_index].name,
                                  "", why, 0);
}

bool Comparisons::reserve(double most_usd, double day_usd) {
  const std::int64_t today = day_of(parts_.clock.wall());
  if (day_ != today) {
    day_ = today;
    spent_usd_ = 0;
  }
  if (spent_usd_ + most_usd > day_usd) return false;
  spent_usd_ += most_usd;
  return true;
}

void Comparisons::begin(Sample sample) {
  const ComparisonRules& rules = sample.snapshot->config.comparisons;
  const auto considered = pick(sample);
  if (!considered) return skipped(sample, "no_target");
  const std::size_t target_index = sample.decision.considered[*considered].target_index;
  const policy::PolicySet& set = sample.snapshot->config.policy;
  const policy::Target& target = set.targets[target_index];
  const policy::Live live = sample.snapshot->live(parts_.clock.steady())[target_index];
  // It is asked when it would do nothing else: nobody waits for a comparison.
  if (!live.healthy || (target.concurrency != 0 && live.queue_depth >= target.concurrency))
    return skipped(sample, "busy");

  const std::uint64_t answer_tokens =
      sample.request.completion_tokens_max.value_or(kAnswerTokensReserved);
  const policy::Quote& quote = sample.decision.considered[*considered].quote;
  double most_usd = cost_most(target, sample.decision.ask.prompt_tokens, answer_tokens,
                              quote.total_p95_ms.value_or(0) / 1000);
  if (const auto judge = set.find_target(rules.judge))
    most_usd += cost_most(set.targets[*judge], kJudgedBytesMax, kVerdictTokensMax, 0);
  std::vector<Charge> charges;
  if (rules.charged)
    charges = charges_of(sample.snapshot->config.quotas,
                         {.key_name = sample.key_name,
                          .tenant = sample.tenant,
                          .route = sample.decision.route,
                          .tokens_most = sample.decision.ask.prompt_tokens + answer_tokens,
                          .cost_most_usd = most_usd},
                         parts_.clock.wall());
  if (charges.empty()) return start(std::move(sample), *considered, most_usd, {});
  {
    const std::scoped_lock lock(mutex_);
    ++reserving_;
  }
  auto wanted = charges;
  const auto shared = std::make_shared<Sample>(std::move(sample));
  parts_.quotas.reserve(std::move(wanted),
                        [this, shared, considered, most_usd, charges = std::move(charges)](
                            const base::Result<Refusal>& outcome) mutable {
                          if (outcome && !*outcome)
                            start(std::move(*shared), *considered, most_usd,
                                  QuotaHold(&parts_.quotas, std::move(charges)));
                          else
                            skipped(*shared, "budget");
                          const std::scoped_lock lock(mutex_);
                          --reserving_;
                          changed_.notify_all();
                        });
}

void Comparisons::start(Sample sample, std::size_t considered, double most_usd, QuotaHold hold) {
  const ComparisonRules rules = sample.snapshot->config.comparisons;
  std::shared_ptr<Run> run;
  std::string_view why;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    if (runs_.size() >= rules.at_once) {
      why = "busy";
    } else if (!reserve(most_usd, rules.usd_per_day)) {
      why = "budget";
    } else {
      const std::uint64_t id = next_id_++;
      run = std::make_shared<Run>(*this, id, sample, considered, most_usd, std::move(hold));
      runs_.emplace(id, run);
    }
  }
  if (!run) return skipped(sample, why);
  run->start();
}

void Comparisons::ended(std::uint64_t id, std::int64_t day, double reserved_usd, double cost_usd) {
  std::shared_ptr<Run> last;  // released without the lock
  const std::scoped_lock lock(mutex_);
  if (day == day_) spent_usd_ += cost_usd - reserved_usd;
  const auto at = runs_.find(id);
  if (at == runs_.end()) return;
  last = std::move(at->second);
  runs_.erase(at);
  changed_.notify_all();
}

}  // namespace nearside::gateway
