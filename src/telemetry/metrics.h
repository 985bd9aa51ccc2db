// The node's numbers in Prometheus' text format.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "telemetry/record.h"

namespace nearside::telemetry {

/// Counters and histograms of the serving path. Thread-safe. Label values come only from the
/// configuration and from enumerations, so the number of series is bounded.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Requests between their decision and their end.
  void request_started();
  /// Counts everything that the final record says: outcome, label, target, tokens, cost, energy,
  /// times, attempts.
  void request_finished(const Record& record);

  void label_computed(std::chrono::nanoseconds took);
  /// So many bytes of texts were read for a label, and so many were known from before.
  void label_read(std::size_t scanned_bytes, std::size_t remembered_bytes);
  void decision_made(std::chrono::nanoseconds took);
  /// Refused before a decision: "unauthenticated", "too_large", "malformed", "overloaded", ... (a
  /// fixed set of codes, never text of a request).
  void request_rejected(std::string_view code);
  /// Something that people do who draw a model out through its API: "logit_bias",
  /// "bias_with_logprobs", "unlikely_token", "budget_used_up", "withheld". `key`: of the
  /// configuration; "" for callers without one.
  void extraction_sign(std::string_view key, std::string_view sign, std::size_t count = 1);
  /// Log-probabilities of so many next tokens were told.
  void distributions_told(std::string_view key, std::size_t count);
  /// An answer recited its template and was stopped.
  void leak_stopped(std::string_view template_name);
  /// What the policy on trial chose beside the one in force: targets, or "refused".
  void shadow_decided(std::string_view live, std::string_view shadow);
  /// An answer was compared with a second target's: "agreed", "differed", "busy", "budget", ...
  /// `second` is "" when nobody was asked. Money of second answers is counted here alone.
  void comparison_ended(std::string_view target, std::string_view second, std::string_view outcome,
                        double cost_usd);
  void worker_restarted(std::string_view model);
  void ledger_failed();
  void set_target_healthy(std::string_view target, std::string_view place, bool healthy);
  void set_connections(std::size_t open_count);

  /// The body of /metrics. Content type: kContentType.
  [[nodiscard]] std::string text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nearside::telemetry
