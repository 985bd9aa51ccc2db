// The paths that answer at once: what is there, is it well, and how would it decide.
#pragma once

#include <memory>
#include <string_view>

#include "gateway/api_error.h"
#include "gateway/serving.h"
#include "http/message.h"
#include "http/server.h"

namespace nearside::gateway {

/// GET /v1/models, and /v1/models/NAME: what a client may name as model, in OpenAI's shape.
http::Response list_models(const Snapshot& snapshot);
http::Response find_model(const Snapshot& snapshot, std::string_view name);

/// GET /healthz: the process answers.
http::Response health();
/// GET /readyz: 200 when requests can be served and recorded, else 503; the body says what is not
/// well. A node is ready when at least one target can be asked, since that is what it promises.
http::Response readiness(const Snapshot& snapshot, const Services& services, bool draining);
/// GET /metrics, in Prometheus' text format.
http::Response metrics(const Snapshot& snapshot, const Services& services);

/// GET /admin/audit/head: where the audit log ends, to be kept elsewhere. For keys with the scope
/// admin, as the next.
http::Response audit_head(const Services& services);
/// POST /admin/reload: as SIGHUP. Answers before it is done.
http::Response ask_for_reload(const Services& services);

/// POST /v1/route/explain: the decision about a chat or completion request, with every reason.
/// Serves nothing and records nothing.
http::Response explain(const Snapshot& snapshot, const Services& services,
                       const http::Request& request);

/// POST /v1/feedback: how good the answer of a decision was; replied to when it is on disk.
void feedback(const Snapshot& snapshot, const Services& services, const http::Request& request,
              std::unique_ptr<http::Responder> responder);

/// POST /v1/messages/count_tokens: how long the prompt is, by estimate: what a target's own
/// tokenizer would say is known to it alone.
http::Response count_tokens(const Snapshot& snapshot, const Services& services,
                            const http::Request& request);

/// GET /api/tags and POST /api/show: the same models in Ollama's shapes.
http::Response ollama_tags(const Snapshot& snapshot);
http::Response ollama_show(const Snapshot& snapshot, std::string_view body);
/// GET /api/version: clients ask it to find out whether a server is there.
http::Response ollama_version();

}  // namespace nearside::gateway
