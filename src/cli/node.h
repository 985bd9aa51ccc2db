// Everything that `nearside serve` runs, built from one configuration and taken down in order.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "gateway/comparisons.h"
#include "gateway/config.h"
#include "gateway/gateway.h"
#include "http/client.h"
#include "http/server.h"
#include "http/tls.h"
#include "telemetry/audit.h"
#include "telemetry/ledger.h"
#include "worker/local_model.h"
#include "worker/residency.h"

namespace nearside::cli {

/// Members stand in the order in which they are built and, reversed, taken down: requests end when
/// the servers go, their records are written when the ledger goes, and what they used goes after
/// that.
class Node {
 public:
  /// Serves when it returns; models load meanwhile, and /readyz says when they are there.
  /// Errors: what the configuration names and is not there (files, keys, ports), with its name.
  /// `ask_for_reload` is called from any thread when a caller with the scope admin asks for it;
  /// empty: there is nothing to read again. `starter` starts the workers when this process may not;
  /// it outlives the node.
  static base::Result<std::unique_ptr<Node>> start(gateway::Config config,
                                                   std::function<void()> ask_for_reload = {},
                                                   worker::WorkerStarter* starter = nullptr);
  ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// "127.0.0.1:8080", as bound.
  [[nodiscard]] std::vector<std::string> addresses() const;
  /// Whether they speak TLS.
  [[nodiscard]] bool encrypted() const { return tls_ != nullptr; }

  /// Serves new requests by `config`; models that it shares with the one before keep their workers.
  /// Certificates are read again. Listeners, the ledger and the audit log stay where they are: a
  /// change there is reported and needs a restart.
  /// Errors: as start; then everything stays as it was.
  base::Status reload(gateway::Config config);
  /// A configuration was not even read: for the records.
  void refuse(const std::string& file, const base::Error& error);

  /// Takes up certificates whose files have changed, and
  /// ends the workers of models that a reload has dropped and no request uses any more; call it now
  /// and then. Done here because the last request to let go of a model may do so on that model's
  /// own thread, which cannot end itself.
  void sweep();

  /// Refuses new connections and lets requests finish. False when some had to be cut.
  bool drain(std::chrono::milliseconds patience);

  [[nodiscard]] base::Logger& log() { return log_; }

 private:
  using Models = std::map<std::string, std::shared_ptr<worker::LocalModel>>;

  Node(base::Level level, worker::WorkerStarter* starter);
  base::Status serve(gateway::Config config, std::function<void()> ask_for_reload);
  base::Status open_audit(const gateway::AuditConfig& config);
  /// Each file once, before any worker sees it.
  base::Status verify_models(const gateway::Config& config);
  base::Status apply(gateway::Config config);
  base::Status open_learning(const gateway::Config& config);
  base::Status open_quotas(const gateway::QuotaStoreConfig& config);
  base::Status listen(const gateway::Config& config);
  /// Opens the models and upstreams that `config` names, taking over what is unchanged.
  base::Result<std::shared_ptr<const gateway::Snapshot>> assemble(gateway::Config config,
                                                                  Models& models);
  base::Result<gateway::Reach> reach_local(const gateway::ModelConfig& config,
                                           const std::string& adapter, Models& models);
  base::Result<gateway::Reach> reach_upstream(const gateway::UpstreamConfig& config,
                                              const std::string& target);

  const base::SystemClock clock_;
  base::Logger log_;
  worker::WorkerStarter* const starter_;  // null: workers are started directly
  telemetry::Metrics metrics_;
  telemetry::DecisionIds decision_ids_;
  const base::HashKey memory_key_;  // of what is remembered of texts and conversations
  gateway::Alarms alarms_;
  gateway::ConcurrencyGate gate_;
  gateway::RetryBudget retries_;
  gateway::LogprobBudgets logprob_budgets_;
  gateway::ResponseCache cache_;
  std::unique_ptr<policy::TaintMemory> taints_;
  gateway::ToolSessions tools_;
  std::unique_ptr<gateway::QuotaStore> quotas_;
  const std::shared_ptr<http::Loops> loops_;  // of the servers and of the calls to upstreams
  const std::unique_ptr<http::Client> client_;
  std::unique_ptr<worker::Residency> residency_;  // null: all models stay in memory
  Models models_;                                 // by what makes two of them the same
  std::vector<std::shared_ptr<worker::LocalModel>> retired_;
  std::string ledger_file_;
  gateway::AuditConfig audit_config_;
  std::vector<gateway::ListenAddress> listen_;
  std::shared_ptr<http::Tls> tls_;           // null: plain HTTP
  std::unique_ptr<telemetry::Audit> audit_;  // null: nobody wants one
  std::unique_ptr<telemetry::Traces> traces_;
  std::unique_ptr<telemetry::Ledger> ledger_;
  std::unique_ptr<gateway::LearnedQuality> quality_;
  std::unique_ptr<gateway::Feedback> feedback_;
  std::unique_ptr<gateway::Comparisons> comparisons_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::vector<std::unique_ptr<http::Server>> servers_;
};

}  // namespace nearside::cli
