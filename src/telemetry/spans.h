// A request's record as OpenTelemetry spans, by the conventions for generative AI.
// Source: OTLP 1.x JSON encoding (trace_service.proto), W3C Trace Context, and OpenTelemetry's
// semantic conventions for generative AI (gen_ai.*).
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "telemetry/record.h"

namespace nearside::telemetry {

/// One span for the request and one for each attempt below it, ready for scopeSpans[].spans. The
/// trace is the caller's (`traceparent`) when it gave one, else the decision id in hex, so that a
/// ledger record and its trace are found by each other. Never holds text of the request.
base::json::array spans_of(const Record& record);

/// The body of POST /v1/traces around spans of one node.
std::string export_body(base::json::array spans, std::string_view node_name);

/// A well-formed W3C traceparent ("00-<32 hex>-<16 hex>-<2 hex>"), not all zero.
bool is_traceparent(std::string_view text);

}  // namespace nearside::telemetry
