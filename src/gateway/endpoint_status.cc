#include "gateway/endpoints.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

http::Response as_json(int status, const json::object& body) {
  return {status, {{"content-type", "application/json"}}, json::serialize(body)};
}

}  // namespace

http::Response health() { return as_json(200, {{"status", "ok"}}); }

http::Response readiness(const Snapshot& snapshot, const Services& services, bool draining) {
  json::object targets;
  bool any_up = false;
  for (std::size_t i = 0; i < snapshot.reach.size(); ++i) {
    const auto why = snapshot.reach[i].down_why();
    any_up = any_up || !why;
    targets[snapshot.config.policy.targets[i].name] = why ? *why : std::string("up");
  }
  json::array problems;
  if (draining) problems.emplace_back("the node is shutting down");
  if (!services.ledger.healthy()) problems.emplace_back("the ledger cannot be written");
  if (snapshot.reach.empty())
    problems.emplace_back("no target is configured: start with --model FILE or --config FILE");
  else if (!any_up)
    problems.emplace_back("no target can be asked now");
  const bool ready = problems.empty();
  json::object body{{"status", ready ? "ready" : "not ready"}, {"targets", std::move(targets)}};
  if (!ready) body["problems"] = std::move(problems);
  return as_json(ready ? 200 : 503, body);
}

http::Response metrics(const Snapshot& snapshot, const Services& services) {
  for (std::size_t i = 0; i < snapshot.reach.size(); ++i) {
    const policy::Target& target = snapshot.config.policy.targets[i];
    services.metrics.set_target_healthy(target.name, policy::place_name(target.place),
                                        !snapshot.reach[i].down_why().has_value());
  }
  return {200,
          {{"content-type", std::string(telemetry::Metrics::kContentType)}},
          services.metrics.text()};
}

}  // namespace nearside::gateway
