#include "telemetry/record.h"

namespace nearside::telemetry {

namespace {

std::optional<double> sum(const std::optional<double>& a, const std::optional<double>& b) {
  if (!a || !b) return std::nullopt;
  return *a + *b;
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"open",    "ok",  "client_gone", "failed",
                                         "refused", "cut", "interrupted"};
  return kNames[static_cast<std::size_t>(outcome)];
}

void add_attempt(Record& record, Attempt attempt) {
  record.input_tokens += attempt.input_tokens;
  record.cached_input_tokens += attempt.cached_input_tokens;
  record.output_tokens += attempt.output_tokens;
  record.estimated |= attempt.estimated;
  // The first attempt's sums are its own; an unknown part makes the whole unknown, not smaller.
  record.cost_usd =
      record.attempts.empty() ? attempt.cost_usd : sum(record.cost_usd, attempt.cost_usd);
  record.energy_joules = record.attempts.empty() ? attempt.energy_joules
                                                 : sum(record.energy_joules, attempt.energy_joules);
  record.attempts.push_back(std::move(attempt));
}

}  // namespace nearside::telemetry
