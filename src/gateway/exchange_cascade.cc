// The part of an exchange that cascades: from an answer that failed its judgement to a better one,
// or back.
#include "gateway/exchange.h"

namespace nearside::gateway {

using telemetry::Outcome;

void Exchange::escalate(std::string_view why, const chat::Usage& usage, After& after) {
  const std::string& name = snapshot_->config.policy.targets[target_index_].name;
  services_.log.info("gateway", "{}: {} failed its judgement: {}", decision_id_, name, why);
  close_attempt(Outcome::kFailed, why, usage);
  kept_ = Kept{std::move(whole_), target_index_};
  judging_ = false;
  if (watch_) watch_->begin_again();
  after.drop = std::move(call_);
  after.try_next = true;
}

bool Exchange::give_kept(After& after) {
  if (!kept_) return false;
  if (watch_) {
    watch_->begin_again();
    if (!watch_->see_whole(kept_->answer)) return false;
  }
  whole_ = std::move(kept_->answer);
  target_index_ = kept_->target_index;
  kept_.reset();
  const policy::Target& target = snapshot_->config.policy.targets[target_index_];
  record_.target = target.name;
  record_.place = policy::place_name(target.place);
  record_.region = target.region;
  record_.ttft_ms = milliseconds_between(arrived_, services_.clock.steady());
  conclude(Outcome::kOk, std::nullopt, after);
  return true;
}

}  // namespace nearside::gateway
