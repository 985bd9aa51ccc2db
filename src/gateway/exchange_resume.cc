// The part of an exchange that goes on: from an answer that broke off to whoever writes on.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "gateway/exchange.h"
#include "policy/ask.h"
#include "policy/document.h"
#include "policy/pseudonyms/consider.h"
#include "policy/taint.h"

namespace nearside::gateway {

bool Exchange::at_seam() const { return resume_ && resume_->seam(); }

/// What was said leaves with the request, so it is labelled with it, and the decision is made anew:
/// a local model may have written what no cloud may read.
base::Result<policy::Decision> Exchange::decide_who_writes_on() const {
  const policy::PolicySet& set = snapshot_->config.policy;
  const policy::Conversation conversation = policy::Conversation::of(request_);
  const policy::Taint earlier = policy::taint_of(decision_.ask.label);
  policy::LabelContext context;
  context.earlier = &earlier;
  context.tenant = record_.tenant;
  policy::Label label = TRY(snapshot_->labeler.label(conversation, context));
  label.sensitivity = std::max(label.sensitivity, decision_.ask.label.sensitivity);

  const base::SteadyTime now = services_.clock.steady();
  policy::Ask ask = decision_.ask;
  const policy::Ask rest =
      policy::make_ask(conversation, std::move(label), request_.completion_tokens_max);
  ask.label = rest.label;
  ask.prompt_tokens = rest.prompt_tokens;
  ask.completion_tokens = rest.completion_tokens;
  ask.completion_tokens_max = rest.completion_tokens_max;
  if (ask.deadline_ms) ask.deadline_ms = std::max(0.0, milliseconds_between(now, deadline_));
  if (ask.cost_max_usd)
    ask.cost_max_usd = std::max(0.0, *ask.cost_max_usd - record_.cost_usd.value_or(0));
  ask.sensitivity_hidden.reset();
  policy::consider_pseudonyms(set, snapshot_->labeler, request_, ask);
  return policy::decide(set, snapshot_->live(now), std::move(ask), services_.clock.wall());
}

/// Why who writes on, beside why who began.
void Exchange::note_resumption(const policy::Decision& decision) {
  CHECK(record_.decision_json.ends_with("}"));
  record_.decision_json.pop_back();
  record_.decision_json += ",\"resumed\":" + policy::to_json(decision) + "}";
}

bool Exchange::resume(const base::Error& error, const chat::Usage& used, After& after) {
  if (!resume_) return false;
  if (!resume_->seam()) {
    if (!resume_->possible()) return false;
    if (request_.completion_tokens_max) {
      if (used.completion_tokens >= *request_.completion_tokens_max) return false;
      *request_.completion_tokens_max -= static_cast<std::uint32_t>(used.completion_tokens);
    }
    request_.begun = resume_->text();
    auto decision = decide_who_writes_on();
    if (!decision) {
      services_.log.error("gateway", "{}: the answer that broke off could not be decided about: {}",
                          decision_id_, decision.error().message);
      return false;
    }
    std::vector<std::string> tried;
    for (const telemetry::Attempt& attempt : record_.attempts) tried.push_back(attempt.target);
    note_resumption(*decision);
    resume_->begin(*std::move(decision), std::move(tried), error, used);
    cache_key_.reset();  // two targets wrote it
  }
  after.drop = std::move(call_);
  after.try_next = true;
  return true;
}

}  // namespace nearside::gateway
