#include "gateway/attempt.h"

#include "policy/place.h"

namespace nearside::gateway {

double milliseconds_between(base::SteadyTime from, base::SteadyTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

void AttemptMeter::content(std::size_t bytes, base::SteadyTime now) {
  if (!first_content_) first_content_ = now;
  content_bytes_ += bytes;
}

telemetry::Attempt AttemptMeter::close(telemetry::Outcome outcome, std::string_view error_code,
                                       const chat::Usage& usage, base::SteadyTime now) const {
  telemetry::Attempt attempt;
  attempt.target = target_->name;
  attempt.place = policy::place_name(target_->place);
  attempt.region = target_->region;
  attempt.outcome = outcome;
  attempt.error_code = error_code;
  attempt.input_tokens = usage.prompt_tokens;
  attempt.cached_input_tokens = usage.cached_tokens;
  attempt.cache_write_tokens = usage.cache_write_tokens;
  attempt.output_tokens = usage.completion_tokens;
  attempt.reasoning_tokens = usage.reasoning_tokens;
  attempt.estimated = usage.estimated;
  attempt.total_ms = milliseconds_between(started_, now);
  if (first_content_) attempt.ttft_ms = milliseconds_between(started_, *first_content_);
  const policy::Consumption consumption{.input_tokens = usage.prompt_tokens,
                                        .cached_input_tokens = usage.cached_tokens,
                                        .output_tokens = usage.completion_tokens,
                                        .busy_seconds = attempt.total_ms / 1000,
                                        .cache_write_tokens = usage.cache_write_tokens,
                                        .reasoning_tokens = usage.reasoning_tokens};
  attempt.cost_usd = policy::cost_usd(*target_, consumption);
  attempt.energy_joules = policy::energy_joules(*target_, consumption);
  return attempt;
}

chat::Usage AttemptMeter::usage_so_far(std::size_t prompt_tokens) const {
  // Four bytes a token, as for prompts whose tokenizer is elsewhere.
  return {.prompt_tokens = prompt_tokens,
          .completion_tokens = (content_bytes_ + 3) / 4,
          .cached_tokens = 0,
          .estimated = true};
}

}  // namespace nearside::gateway
