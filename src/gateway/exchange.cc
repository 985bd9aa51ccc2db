#include "gateway/exchange.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "gateway/decision_headers.h"
#include "gateway/pseudonymised_call.h"
#include "gateway/replay.h"
#include "gateway/verdict.h"

namespace nearside::gateway {
namespace {

using base::Code;
using telemetry::Outcome;

/// Long enough for a server that restarts its listener or a balancer that notices, short enough to
/// go unnoticed by people.
constexpr std::chrono::milliseconds kRetryPause{50};

/// Whether another target may do better. What is wrong with the request itself stays wrong.
bool may_try_elsewhere(Code code) {
  return code != Code::kInvalidArgument && code != Code::kTooLarge;
}

/// A failure that says the request could not be served as it is, rather than that something is
/// down.
bool is_refusal(Code code) {
  return !may_try_elsewhere(code) || code == Code::kContextLength || code == Code::kUnsupported;
}

}  // namespace

void Exchange::start(Opening opening) {
  const auto exchange = std::make_shared<Exchange>(std::move(opening));
  const std::weak_ptr<Exchange> weak = exchange;
  // Both may call at once, so neither is asked for under the lock.
  exchange->responder_->on_gone([weak] {
    if (const auto self = weak.lock()) self->on_client_gone();
  });
  const Alarms::Id alarm = exchange->services_.alarms.set(exchange->deadline_, [weak] {
    if (const auto self = weak.lock()) self->on_late();
  });
  {
    const std::scoped_lock lock(exchange->mutex_);
    exchange->alarm_ = alarm;
  }
  exchange->try_next();
}

Exchange::Exchange(Opening opening)
    : snapshot_(std::move(opening.snapshot)),
      services_(*opening.services),
      dialect_(*opening.dialect),
      operation_(*opening.operation),
      decision_(std::move(opening.decision)),
      arrived_(opening.arrived),
      deadline_(opening.deadline),
      // Vectors come all at once.
      stream_(opening.asked.stream &&
              opening.asked.request.kind != chat::Request::Kind::kEmbedding),
      held_(stream_ && decision_.cascade.has_value()),
      format_(opening.asked.request.format),
      logprobs_wanted_(opening.asked.request.logprobs.has_value()),
      stream_usage_(opening.asked.stream_usage),
      embeddings_base64_(opening.asked.embeddings_base64),
      request_(std::move(opening.asked.request)),
      record_(std::move(opening.record)),
      decision_id_(record_.decision_id),
      pass_(std::move(opening.pass)),
      hold_(std::move(opening.hold)),
      judging_(decision_.cascade.has_value()),
      cache_key_(opening.cache_key),
      sample_(std::move(opening.sample)),
      watch_(std::move(opening.watch)),
      responder_(std::move(opening.responder)) {
  if (opening.logprobs_asked)
    logprobs_.emplace(snapshot_->config.logprobs, record_.key_name, *opening.logprobs_asked,
                      services_.logprob_budgets, services_.metrics, services_.clock);
  if (opening.resume) resume_.emplace();
  if (opening.template_use) egress_.emplace(*std::move(opening.template_use));
}

void Exchange::take(chat::Event event, After& after) {
  if (const auto* finished = std::get_if<chat::Finished>(&event))
    take_finished(*finished, after);
  else if (const auto* failed = std::get_if<chat::Failed>(&event))
    take_failed(*failed, after);
  else
    take_content(std::move(event), after);
}

void Exchange::stop_leak(After& after) {
  services_.metrics.leak_stopped(egress_->template_name());
  services_.log.warn("gateway", "{}: the answer recited the template {} and was stopped",
                     decision_id_, egress_->template_name());
  services_.note("template_leak",
                 {{"decision", decision_id_},
                  {"template", egress_->template_name()},
                  {"tenant", record_.tenant},
                  {"key", record_.key_name},
                  {"target", snapshot_->config.policy.targets[target_index_].name}});
  judging_ = false;  // another target would be given the same template to recite
  take_finished(
      {chat::FinishReason::kContentFilter, meter_->usage_so_far(decision_.ask.prompt_tokens), {}},
      after);
}

Exchange::~Exchange() {
  if (alarm_) services_.alarms.cancel(*alarm_);
}

void Exchange::try_next() {
  After after;
  chat::Backend* backend = nullptr;
  chat::Request request;
  std::size_t attempt = 0;
  bool hidden = false;
  {
    const std::scoped_lock lock(mutex_);
    if (over_) return;
    if (const policy::Considered* target = next_target()) {
      attempt = ++attempt_;
      target_index_ = target->target_index;
      hidden = target->hidden;
      if (egress_) egress_->restart();
      meter_.emplace(snapshot_->config.policy.targets[target_index_], services_.clock.steady());
      queued_ = snapshot_->figures.started(target_index_);
      backend = snapshot_->reach[target_index_].backend.get();
      const bool last = !resume_ && next_rank_ == decision_.ranked.size() &&
                        (retried_ || !services_.retries.affords_one());
      if (last) retried_ = true;
      request = last ? std::move(request_) : request_;
      request.time_max = std::chrono::ceil<std::chrono::milliseconds>(
          std::max(deadline_ - services_.clock.steady(), base::SteadyTime::duration(1)));
      // Only a model of this node is asked for what the client has not asked for: a server gets
      // the client's own bytes.
      if (judging_ && decision_.cascade->logprob_mean_min && !request.logprobs &&
          snapshot_->config.policy.targets[target_index_].local)
        request.logprobs = 0;
    } else if (at_seam()) {
      conclude(Outcome::kCut, resume_->why(), after);
    } else if (give_kept(after)) {
      // Nobody did better.
    } else if (may_retry()) {
      after.try_later = true;
    } else {
      const base::Error error = nobody_answered();
      conclude(is_refusal(error.code) ? Outcome::kRefused : Outcome::kFailed, error, after);
    }
  }
  if (backend != nullptr) {
    chat::Sink sink = [self = shared_from_this(), attempt](chat::Event event) {
      self->on_event(attempt, std::move(event));
    };
    auto call = hidden ? start_pseudonymised(*backend, snapshot_->labeler,
                                             *snapshot_->config.policy.pseudonyms,
                                             std::move(request), std::move(sink))
                       : backend->start(std::move(request), std::move(sink));
    const std::scoped_lock lock(mutex_);
    // Its end may have come already, or a later attempt begun: then the call has nothing to do.
    (attempt == attempt_ && meter_ ? call_ : after.drop) = std::move(call);
  }
  finish_up(std::move(after));
}

const policy::Considered* Exchange::next_target() {
  if (at_seam()) return resume_->next();
  if (next_rank_ == decision_.ranked.size()) return nullptr;
  return &decision_.considered[decision_.ranked[next_rank_++]];
}

void Exchange::on_event(std::size_t attempt, chat::Event event) {
  After after;
  {
    const std::scoped_lock lock(mutex_);
    if (over_ || attempt != attempt_ || !meter_) return;
    if (auto* text = std::get_if<chat::TextDelta>(&event); text != nullptr && logprobs_)
      logprobs_->tell(snapshot_->config.policy.targets[target_index_].name, text->logprobs);
    if (egress_) {
      for (chat::Event& passed : egress_->pass(std::move(event)))
        if (!over_ && meter_) take(std::move(passed), after);
      if (egress_->leaked() && !over_ && meter_) stop_leak(after);
    } else if (at_seam()) {
      for (chat::Event& passed : resume_->pass(
               std::move(event), meter_->usage_so_far(resume_->decision().ask.prompt_tokens)))
        if (!over_ && meter_) take(std::move(passed), after);
    } else {
      take(std::move(event), after);
    }
  }
  finish_up(std::move(after));
}

void Exchange::take_content(chat::Event event, After& after) {
  const std::size_t bytes = content_bytes(event);
  const bool choice_ended = std::holds_alternative<chat::ChoiceEnded>(event);
  if (bytes == 0 && !choice_ended) return;
  const base::SteadyTime now = services_.clock.steady();
  if (bytes != 0) meter_->content(bytes, now);
  if (watch_)
    if (base::Status seen = watch_->see(event); !seen) {
      if (resume_) resume_->forbid();  // nothing is known of it, so nobody may read it
      return take_failed({seen.error(), meter_->usage_so_far(decision_.ask.prompt_tokens)}, after);
    }
  if (const auto* calls = std::get_if<chat::ToolCallDelta>(&event);
      calls != nullptr && services_.tools != nullptr)
    services_.tools->called(record_.tenant, snapshot_->config.policy.targets[target_index_].name,
                            calls->tool_calls_json, now);
  if (stream_ && !held_) {
    std::string out;
    if (!answer_) {
      begin_stream();
      answer_->begin(out);
    }
    if (!record_.ttft_ms) record_.ttft_ms = milliseconds_between(arrived_, now);
    write_piece(out, event);
    if (resume_) resume_->sent(event);
    if ((cache_key_ || sample_) && !collector_.add(event)) {
      cache_key_.reset();
      sample_.reset();
    }
    if (out.empty() || responder_->write(out)) return;
    // Gone, or too slow for its buffer; on_client_gone may be waiting for the lock.
    close_attempt(Outcome::kClientGone, "", meter_->usage_so_far(decision_.ask.prompt_tokens));
    conclude(Outcome::kClientGone, std::nullopt, after);
    return;
  }
  if (base::Status kept = collector_.add(std::move(event)); !kept)
    take_failed({kept.error(), meter_->usage_so_far(decision_.ask.prompt_tokens)}, after);
}

void Exchange::write_piece(std::string& out, const chat::Event& event) {
  if (const auto* text = std::get_if<chat::TextDelta>(&event))
    answer_->text(out, *text);
  else if (const auto* thought = std::get_if<chat::ReasoningDelta>(&event))
    answer_->reasoning(out, *thought);
  else if (const auto* calls = std::get_if<chat::ToolCallDelta>(&event))
    answer_->tool_calls(out, *calls);
  else if (const auto* ended = std::get_if<chat::ChoiceEnded>(&event))
    answer_->choice_ended(out, *ended);
}

void Exchange::take_finished(const chat::Finished& finished, After& after) {
  whole_ = collector_.take(finished);
  const auto failed = judging_ ? failed_because(whole_, format_, *decision_.cascade) : std::nullopt;
  if (!logprobs_wanted_ && judging_)
    for (WholeChoice& choice : whole_.choices) choice.logprobs.clear();
  // A kept answer comes later than it was complete; then this is what its target took.
  if (!failed && !record_.ttft_ms)
    record_.ttft_ms = milliseconds_between(arrived_, services_.clock.steady());
  whole_.end = answer_end(finished);
  if (failed) return escalate(*failed, finished.usage, after);
  if (cache_key_ && finished.reason != chat::FinishReason::kContentFilter)
    services_.cache->put(*cache_key_,
                         {whole_, snapshot_->config.policy.targets[target_index_].name},
                         services_.clock.steady(), snapshot_->config.cache);
  close_attempt(Outcome::kOk, "", finished.usage);
  conclude(Outcome::kOk, std::nullopt, after);
}

void Exchange::take_failed(const chat::Failed& failed, After& after) {
  const bool begun = answer_ != nullptr;
  const bool cut = begun && (!at_seam() || meter_->has_content());
  const std::string& name = snapshot_->config.policy.targets[target_index_].name;
  base::Error error = failed.error;
  if (!error.message.starts_with(name)) error = std::move(error).with_context(name);
  services_.log.info("gateway", "{}: {} {} with {}", decision_id_, name,
                     cut ? "cut its answer" : "gave no answer", base::code_name(error.code));
  close_attempt(cut ? Outcome::kCut : Outcome::kFailed, base::code_name(error.code), failed.usage);
  if (begun) {
    const bool next = at_seam() ? !cut : may_try_elsewhere(error.code);
    if (!next || !resume(error, failed.usage, after))
      conclude(Outcome::kCut, std::move(error), after);
  } else if (!may_try_elsewhere(error.code)) {
    if (give_kept(after)) return;
    conclude(Outcome::kRefused, std::move(error), after);
  } else {
    failures_.push_back(std::move(error));
    collector_ = {};
    if (watch_) watch_->begin_again();
    after.drop = std::move(call_);
    after.try_next = true;
  }
}

void Exchange::on_client_gone() {
  After after;
  {
    const std::scoped_lock lock(mutex_);
    if (over_) return;
    if (meter_)
      close_attempt(Outcome::kClientGone, "", meter_->usage_so_far(decision_.ask.prompt_tokens));
    conclude(Outcome::kClientGone, std::nullopt, after);
  }
  finish_up(std::move(after));
}

void Exchange::on_late() {
  After after;
  {
    const std::scoped_lock lock(mutex_);
    if (over_) return;
    const Outcome outcome = answer_ ? Outcome::kCut : Outcome::kFailed;
    if (meter_)
      close_attempt(outcome, base::code_name(Code::kDeadline),
                    meter_->usage_so_far(decision_.ask.prompt_tokens));
    if (!give_kept(after))
      conclude(outcome,
               base::fail(Code::kDeadline, "the answer was not complete within {:.0f} ms",
                          milliseconds_between(arrived_, deadline_)),
               after);
  }
  finish_up(std::move(after));
}

void Exchange::close_attempt(Outcome outcome, std::string_view error_code,
                             const chat::Usage& usage) {
  const base::SteadyTime now = services_.clock.steady();
  telemetry::Attempt attempt = meter_->close(outcome, error_code, usage, now);
  attempt.started_ms = milliseconds_between(arrived_, now) - attempt.total_ms;
  attempt.pseudonyms = hidden();
  if (at_seam()) attempt.resumed_at_bytes = resume_->text().size();
  const double ttft_ms = attempt.ttft_ms.value_or(0);
  const double generating_s = (attempt.total_ms - ttft_ms) / 1000;
  // The rate of an answer of one piece, or of none, says nothing.
  const bool has_rate = attempt.ttft_ms && attempt.output_tokens > 1 && generating_s > 0;
  snapshot_->figures.finished(
      target_index_, now,
      {.ttft_ms = ttft_ms,
       .tokens_per_second =
           has_rate ? static_cast<double>(attempt.output_tokens) / generating_s : 0,
       .total_ms = attempt.total_ms,
       .queued = queued_,
       .prompt_tokens = static_cast<double>(decision_.ask.prompt_tokens)});
  if (meter_->has_content() || outcome == Outcome::kOk) {
    record_.target = attempt.target;
    record_.place = attempt.place;
    record_.region = attempt.region;
  }
  telemetry::add_attempt(record_, std::move(attempt));
  meter_.reset();
}

bool Exchange::hidden() const {
  const policy::Decision& decision = at_seam() ? resume_->decision() : decision_;
  return std::any_of(decision.considered.begin(), decision.considered.end(),
                     [this](const policy::Considered& one) {
                       return one.target_index == target_index_ && one.hidden;
                     });
}

void Exchange::end_watch() {
  if (!watch_) return;
  if (const auto label = watch_->end(services_.clock.steady()))
    add_answer_label(record_, *label);
  else
    services_.log.error("gateway", "{}: the answer could not be labelled: {}", decision_id_,
                        label.error().message);
  watch_.reset();
}

void Exchange::conclude(Outcome outcome, std::optional<base::Error> error, After& after) {
  over_ = true;
  end_watch();
  outcome_ = outcome;
  // A target whose answer was thrown away for another's failure did not answer.
  if (outcome == Outcome::kFailed || outcome == Outcome::kRefused)
    record_.target = record_.place = record_.region = "";
  record_.outcome = outcome;
  record_.total_ms = milliseconds_between(arrived_, services_.clock.steady());
  if (error) {
    record_.error_code = base::code_name(error->code);
    error_ = to_api_error(*error);
  }
  if (alarm_) services_.alarms.cancel(*std::exchange(alarm_, std::nullopt));
  after.drop = std::move(call_);
  after.record = true;
}

void Exchange::finish_up(After after) {
  after.drop.reset();
  if (after.record) {
    services_.finished(record_);
    services_.retries.earn();
    hold_.settle(record_.input_tokens + record_.output_tokens, record_.cost_usd.value_or(0));
    base::Status queued = services_.ledger.finish(
        record_,
        [self = shared_from_this()](const base::Status& durable) { self->deliver(durable); });
    if (!queued) deliver(queued);
  }
  if (after.try_next) try_next();
  if (!after.try_later) return;
  // Nothing else keeps this alive while no call is under way.
  services_.alarms.set(services_.clock.steady() + kRetryPause,
                       [self = shared_from_this()] { self->try_next(); });
}

bool Exchange::may_retry() {
  const bool may_pass = std::all_of(failures_.begin(), failures_.end(), [](const base::Error& e) {
    return e.code == Code::kUnavailable;
  });
  if (retried_ || !may_pass || services_.clock.steady() + 2 * kRetryPause > deadline_ ||
      !services_.retries.spend())
    return false;
  retried_ = true;
  next_rank_ = 0;
  failures_.clear();
  return true;
}

base::Error Exchange::nobody_answered() const {
  CHECK(!failures_.empty());
  if (failures_.size() == 1) return failures_.front();
  const Code code = failures_.front().code;
  const bool alike = std::all_of(failures_.begin(), failures_.end(),
                                 [code](const base::Error& e) { return e.code == code; });
  std::string why;
  for (const base::Error& failure : failures_) why += (why.empty() ? "" : "; ") + failure.message;
  return base::fail(alike ? code : Code::kUnavailable, "no target could answer: {}", why);
}

AnswerHead Exchange::answer_head() const {
  return {.decision_id = decision_id_,
          .model = snapshot_->config.policy.targets[target_index_].name,
          .created_unix_s =
              std::chrono::duration_cast<std::chrono::seconds>(decision_.time.time_since_epoch())
                  .count(),
          .stream_usage = stream_usage_,
          .embeddings_base64 = embeddings_base64_,
          .prompt_tokens = decision_.ask.prompt_tokens};
}

AnswerEnd Exchange::answer_end(const chat::Finished& finished) const {
  AnswerEnd end{.reason = finished.reason,
                .usage = finished.usage,
                .stop_sequence = finished.stop_sequence,
                .ttft_ms = record_.ttft_ms.value_or(0),
                .total_ms = milliseconds_between(arrived_, services_.clock.steady())};
  if (at_seam()) {
    end.usage = sum(resume_->used(), finished.usage);
    end.seam = Seam{snapshot_->config.policy.targets[target_index_].name, resume_->text().size()};
  }
  return end;
}

void Exchange::begin_stream() {
  answer_ = dialect_.answer(operation_, answer_head());
  http::Headers headers = headers_of_target();
  headers.push_back({"content-type", std::string(answer_->stream_content_type())});
  headers.push_back({"cache-control", "no-cache"});
  responder_->begin(200, std::move(headers));
}

http::Headers Exchange::headers_of_target() const {
  const policy::Target& target = snapshot_->config.policy.targets[target_index_];
  http::Headers headers = decision_headers(decision_id_, decision_.ask.label);
  headers.push_back({"x-nearside-target", target.name});
  headers.push_back({"x-nearside-place", std::string(policy::place_name(target.place))});
  if (hidden()) headers.push_back({"x-nearside-pseudonyms", "on"});
  return headers;
}

void Exchange::deliver(const base::Status& durable) {
  if (!durable) {
    services_.metrics.ledger_failed();
    services_.log.error("gateway", "{}: no ledger record: {}", decision_id_,
                        durable.error().message);
    if (!error_)
      error_ = to_api_error(base::fail(Code::kUnavailable,
                                       "the answer is withheld because it could not be recorded"));
  }
  std::string out;
  if (outcome_ == Outcome::kClientGone) {
    responder_->abort();
  } else if (error_ && answer_) {
    answer_->failure(out, *error_);
    responder_->write(out);
    responder_->abort();
  } else if (error_) {
    responder_->send(
        error_response(dialect_, *error_, decision_headers(decision_id_, decision_.ask.label)));
  } else if (stream_) {
    if (answer_) {
      answer_->end(out, whole_.end);
    } else {
      begin_stream();
      out = replayed_stream(*answer_, whole_);
    }
    responder_->write(out);
    responder_->finish();
  } else {
    http::Headers headers = headers_of_target();
    headers.push_back({"content-type", "application/json"});
    responder_->send(
        {200, std::move(headers), dialect_.answer(operation_, answer_head())->whole(whole_)});
  }
  pass_.reset();
  if (!sample_ || !durable || outcome_ != Outcome::kOk || at_seam()) return;
  sample_->target_index = target_index_;
  sample_->answer = std::move(whole_);
  services_.comparisons->begin(*std::exchange(sample_, std::nullopt));
}

}  // namespace nearside::gateway
