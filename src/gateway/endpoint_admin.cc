#include "base/json.h"
#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"

namespace nearside::gateway {
namespace {

http::Response as_json(int status, const base::json::object& body) {
  return {status, {{"content-type", "application/json"}}, base::json::serialize(body)};
}

}  // namespace

http::Response audit_head(const Services& services) {
  if (services.audit == nullptr)
    return error_response(*dialects().front(),
                          {404, "invalid_request_error", "no_audit_log",
                           "this node keeps no audit log; configure audit.file", ""});
  const telemetry::AuditEnd end = services.audit->end();
  return as_json(200, {{"entries", end.entries}, {"head", end.head}});
}

http::Response ask_for_reload(const Services& services) {
  if (!services.ask_for_reload)
    return error_response(*dialects().front(),
                          {404, "invalid_request_error", "no_configuration",
                           "this node was started without a configuration file", ""});
  services.ask_for_reload();
  return as_json(202, {{"status", "reloading; the log says what came of it"}});
}

}  // namespace nearside::gateway
