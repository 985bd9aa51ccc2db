// What requests are served with: the services that live as long as the node, and the snapshot that
// one load of the configuration makes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "chat/backend.h"
#include "gateway/alarms.h"
#include "gateway/auth.h"
#include "gateway/concurrency_gate.h"
#include "gateway/config.h"
#include "gateway/feedback.h"
#include "gateway/learned_quality.h"
#include "gateway/overflow_gates.h"
#include "gateway/quota.h"
#include "gateway/response_cache.h"
#include "gateway/retry_budget.h"
#include "gateway/shadow_policy.h"
#include "gateway/templates.h"
#include "gateway/tool_sessions.h"
#include "policy/label.h"
#include "policy/taint.h"
#include "policy/target.h"
#include "telemetry/audit.h"
#include "telemetry/decision_id.h"
#include "telemetry/ledger.h"
#include "telemetry/metrics.h"
#include "telemetry/target_figures.h"
#include "telemetry/traces.h"

namespace nearside::gateway {

class Comparisons;

/// All thread-safe.
struct Services {
  const base::Clock& clock;
  base::Logger& log;
  telemetry::Ledger& ledger;
  telemetry::Metrics& metrics;
  telemetry::DecisionIds& decision_ids;
  Alarms& alarms;
  ConcurrencyGate& gate;
  QuotaStore& quotas;
  RetryBudget& retries;
  LogprobBudgets& logprob_budgets;
  telemetry::Traces* traces = nullptr;     // nobody wants them
  ResponseCache* cache = nullptr;          // nothing is kept
  LearnedQuality* quality = nullptr;       // quotes go by what is configured
  Feedback* feedback = nullptr;            // nobody may judge
  policy::TaintMemory* taints = nullptr;   // every request is labelled for itself
  ToolSessions* tools = nullptr;           // answers to tool calls go where any request would
  telemetry::Audit* audit = nullptr;       // nothing is written
  std::function<void()> ask_for_reload{};  // as SIGHUP; empty: there is no file to read again
  Comparisons* comparisons = nullptr;      // nothing is asked twice

  void note(std::string_view event, std::initializer_list<telemetry::Audit::Field> fields) const {
    if (audit != nullptr) audit->note(event, fields);
  }

  /// A request has ended: counted, and traced.
  void finished(const telemetry::Record& record) const {
    metrics.request_finished(record);
    if (traces != nullptr) traces->finished(record);
    if (feedback != nullptr) feedback->ended(record);
  }
};

/// How one target is reached.
struct Reach {
  std::shared_ptr<chat::Backend>
      backend;  // shared: a reload keeps workers, old requests keep theirs
  std::function<std::optional<std::string>()> down_why;  // thread-safe; empty when it can be asked
};

/// Immutable but for the figures and the gates, which are thread-safe. Requests hold the one they
/// began with.
struct Snapshot {
  Snapshot(Config c, policy::Labeler l, std::vector<Reach> r, Templates t = {})
      : config(std::move(c)),
        labeler(std::move(l)),
        auth(config.auth),
        reach(std::move(r)),
        templates(std::move(t)),
        figures(concurrency_of(config.policy.targets)),
        overflow(config.policy) {}

  const Config config;
  const policy::Labeler labeler;
  const Authenticator auth;
  const std::vector<Reach> reach;  // parallel to config.policy.targets
  const Templates templates;
  mutable telemetry::TargetFigures figures;
  mutable OverflowGates overflow;
  std::shared_ptr<const ShadowPolicy> shadow;  // null: no policy is on trial

  /// What is known of the targets now: figures and health.
  [[nodiscard]] std::vector<policy::Live> live(base::SteadyTime now) const {
    std::vector<policy::Live> all = figures.snapshot(now);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (const auto why = reach[i].down_why()) {
        all[i].healthy = false;
        all[i].unhealthy_why = *why;
      }
    return all;
  }

 private:
  static std::vector<std::size_t> concurrency_of(const std::vector<policy::Target>& targets) {
    std::vector<std::size_t> all;
    for (const policy::Target& target : targets) all.push_back(target.concurrency);
    return all;
  }
};

}  // namespace nearside::gateway
