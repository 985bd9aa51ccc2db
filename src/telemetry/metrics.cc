#include "telemetry/metrics.h"

#include "telemetry/series.h"

namespace nearside::telemetry {

namespace {

// Upper bounds in seconds. From a local first token to an answer of minutes.
constexpr double kAnswerSeconds[] = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                     2.5,  5,     10,   30,  60,   120, 300};
// Labelling and deciding: microseconds to the milliseconds of a prompt of megabytes.
constexpr double kOverheadSeconds[] = {5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4,
                                       5e-4, 1e-3, 2.5e-3, 1e-2, 0.1};

std::string_view or_none(const std::string& text) {
  return text.empty() ? "none" : std::string_view(text);
}

}  // namespace

struct Metrics::State {
  using Counter = Family<Number>;
  using Gauge = Family<Number>;

  Counter requests{"nearside_requests_total",
                   "Requests that ended, by what became of them.",
                   {"target", "place", "outcome", "sensitivity"}};
  Counter attempts{"nearside_attempts_total", "Tries at targets.", {"target", "place", "outcome"}};
  Counter tokens{"nearside_tokens_total", "Tokens of all attempts.", {"target", "place", "kind"}};
  Counter cost{"nearside_cost_usd_total",
               "Money spent at targets, own hardware included.",
               {"target", "place"}};
  Counter energy{
      "nearside_energy_joules_total", "Energy used, where it is known.", {"target", "place"}};
  Family<Histogram> ttft{"nearside_ttft_seconds",
                         "From the request to the first token.",
                         {"target", "place"},
                         kAnswerSeconds};
  Family<Histogram> total{"nearside_request_seconds",
                          "From the request to its end.",
                          {"target", "place"},
                          kAnswerSeconds};
  Family<Histogram> label{
      "nearside_label_seconds", "Labelling a conversation.", {}, kOverheadSeconds};
  Counter label_bytes{"nearside_label_bytes_total",
                      "Bytes of texts that were labelled: read, or remembered from earlier turns.",
                      {"how"}};
  Counter answers{"nearside_answers_total",
                  "Answers that were read, by the sensitivity of what was found in them.",
                  {"sensitivity"}};
  Counter pseudonymised{"nearside_pseudonymised_attempts_total",
                        "Tries that saw placeholders instead of personal values.",
                        {"target", "place", "outcome"}};
  Counter comparisons{"nearside_comparisons_total",
                      "Answers that were to be compared with a second target's, by outcome.",
                      {"target", "second", "outcome"}};
  Counter comparison_cost{"nearside_comparison_cost_usd_total",
                          "Money spent on second answers and their judge.",
                          {"second"}};
  Counter resumed{"nearside_resumed_attempts_total",
                  "Tries that wrote on where another's answer broke off.",
                  {"target", "place", "outcome"}};
  Family<Histogram> decision{
      "nearside_decision_seconds", "Deciding where a request goes.", {}, kOverheadSeconds};
  Gauge in_flight{
      "nearside_requests_in_flight", "Requests between their decision and their end.", {}};
  Counter rejected{"nearside_rejected_total", "Requests refused before a decision.", {"code"}};
  Counter extraction{"nearside_extraction_signs_total",
                     "What those do who draw a model out through its API.",
                     {"key", "sign"}};
  Counter distributions{"nearside_logprob_distributions_total",
                        "Next-token distributions told as log-probabilities.",
                        {"key"}};
  Counter leaks{"nearside_template_leaks_total",
                "Answers that recited their template and were stopped.",
                {"template"}};
  Counter shadow{
      "nearside_shadow_decisions_total",
      "Decisions by the target chosen and the one that the policy on trial would choose.",
      {"target", "shadow"}};
  Counter worker_restarts{
      "nearside_worker_restarts_total", "Worker processes started again.", {"model"}};
  Counter ledger_failures{
      "nearside_ledger_failures_total", "Final records that could not be made durable.", {}};
  Gauge healthy{"nearside_target_healthy", "1: the target answers.", {"target", "place"}};
  Gauge connections{"nearside_connections", "Open client connections.", {}};
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  // What has no labels is there from the start, so that a rate over it has a beginning.
  state_->in_flight.at({});
  state_->ledger_failures.at({});
  state_->connections.at({});
}
Metrics::~Metrics() = default;

void Metrics::request_started() { state_->in_flight.at({}).add(1); }

void Metrics::request_finished(const Record& record) {
  State& s = *state_;
  s.in_flight.at({}).add(-1);
  const std::string_view target = or_none(record.target), place = or_none(record.place);
  s.requests.at({target, place, outcome_name(record.outcome), or_none(record.sensitivity)}).add(1);
  if (record.ttft_ms) s.ttft.at({target, place}).observe(*record.ttft_ms / 1000);
  s.total.at({target, place}).observe(record.total_ms / 1000);
  if (!record.answer_sensitivity.empty()) s.answers.at({record.answer_sensitivity}).add(1);
  for (const Attempt& attempt : record.attempts) {
    const std::string_view at = or_none(attempt.target), where = or_none(attempt.place);
    s.attempts.at({at, where, outcome_name(attempt.outcome)}).add(1);
    if (attempt.resumed_at_bytes) s.resumed.at({at, where, outcome_name(attempt.outcome)}).add(1);
    if (attempt.pseudonyms) s.pseudonymised.at({at, where, outcome_name(attempt.outcome)}).add(1);
    s.tokens.at({at, where, "input"}).add(static_cast<double>(attempt.input_tokens));
    s.tokens.at({at, where, "cached_input"}).add(static_cast<double>(attempt.cached_input_tokens));
    s.tokens.at({at, where, "output"}).add(static_cast<double>(attempt.output_tokens));
    if (attempt.cost_usd) s.cost.at({at, where}).add(*attempt.cost_usd);
    if (attempt.energy_joules) s.energy.at({at, where}).add(*attempt.energy_joules);
  }
}

void Metrics::label_computed(std::chrono::nanoseconds took) {
  state_->label.at({}).observe(std::chrono::duration<double>(took).count());
}
void Metrics::label_read(std::size_t scanned_bytes, std::size_t remembered_bytes) {
  state_->label_bytes.at({"read"}).add(static_cast<double>(scanned_bytes));
  state_->label_bytes.at({"remembered"}).add(static_cast<double>(remembered_bytes));
}
void Metrics::decision_made(std::chrono::nanoseconds took) {
  state_->decision.at({}).observe(std::chrono::duration<double>(took).count());
}
void Metrics::request_rejected(std::string_view code) { state_->rejected.at({code}).add(1); }
void Metrics::extraction_sign(std::string_view key, std::string_view sign, std::size_t count) {
  if (count > 0)
    state_->extraction.at({key.empty() ? "none" : key, sign}).add(static_cast<double>(count));
}
void Metrics::distributions_told(std::string_view key, std::size_t count) {
  if (count > 0)
    state_->distributions.at({key.empty() ? "none" : key}).add(static_cast<double>(count));
}
void Metrics::leak_stopped(std::string_view template_name) {
  state_->leaks.at({template_name}).add(1);
}
void Metrics::shadow_decided(std::string_view live, std::string_view shadow) {
  state_->shadow.at({live, shadow}).add(1);
}
void Metrics::comparison_ended(std::string_view target, std::string_view second,
                               std::string_view outcome, double cost_usd) {
  const std::string_view other = second.empty() ? "none" : second;
  state_->comparisons.at({target, other, outcome}).add(1);
  if (cost_usd > 0) state_->comparison_cost.at({other}).add(cost_usd);
}
void Metrics::worker_restarted(std::string_view model) {
  state_->worker_restarts.at({model}).add(1);
}
void Metrics::ledger_failed() { state_->ledger_failures.at({}).add(1); }
void Metrics::set_target_healthy(std::string_view target, std::string_view place, bool healthy) {
  state_->healthy.at({target, place}).set(healthy ? 1 : 0);
}
void Metrics::set_connections(std::size_t open_count) {
  state_->connections.at({}).set(static_cast<double>(open_count));
}

std::string Metrics::text() const {
  const State& s = *state_;
  std::string out;
  for (const auto* counter : {&s.requests, &s.attempts, &s.tokens, &s.cost, &s.energy, &s.rejected,
                              &s.shadow, &s.extraction, &s.distributions, &s.leaks,
                              &s.worker_restarts, &s.ledger_failures, &s.label_bytes, &s.answers,
                              &s.pseudonymised, &s.resumed, &s.comparisons, &s.comparison_cost})
    counter->render(out, "counter");
  for (const auto* gauge : {&s.in_flight, &s.healthy, &s.connections}) gauge->render(out, "gauge");
  for (const auto* histogram : {&s.ttft, &s.total, &s.label, &s.decision})
    histogram->render(out, "histogram");
  return out;
}

}  // namespace nearside::telemetry
