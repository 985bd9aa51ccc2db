// The decision for programs.
#include "base/json_writer.h"
#include "policy/decide.h"

namespace nearside::policy {
namespace {

using base::JsonWriter;

void put_regions(JsonWriter& out, std::string_view name, const Regions& regions) {
  if (regions.anywhere())
    out.member(name, "anywhere");
  else
    out.member(name, regions.names());
}

void put_label(JsonWriter& out, const Label& label) {
  out.key("label").begin_object();
  out.member("sensitivity", sensitivity_name(label.sensitivity));
  out.member("categories", label.categories);
  put_regions(out, "regions", label.regions);
  out.member("findings_count", label.findings_count);
  out.key("findings").begin_array();
  for (const Finding& finding : label.findings) {
    out.begin_object().member("detector", finding.detector);
    if (finding.message_index == kToolsIndex)
      out.key("message").null();
    else
      out.member("message", finding.message_index);
    out.member("begin", finding.begin).member("end", finding.end).end_object();
  }
  out.end_array().member("reasons", label.reasons).end_object();
}

void put_request(JsonWriter& out, const Ask& ask) {
  out.key("request").begin_object();
  out.member("model", ask.model).member("tenant", ask.tenant);
  put_regions(out, "tenant_regions", ask.tenant_regions);
  out.member("language", ask.language);
  out.member("prompt_tokens", ask.prompt_tokens);
  out.member("completion_tokens", ask.completion_tokens);
  out.member("priority", priority_name(ask.priority));
  out.member("deadline_ms", ask.deadline_ms).member("cost_max_usd", ask.cost_max_usd);
  if (ask.sensitivity_hidden)
    out.member("sensitivity_with_pseudonyms", sensitivity_name(*ask.sensitivity_hidden));
  if (ask.completion_tokens_max) out.member("completion_tokens_max", *ask.completion_tokens_max);
  if (!ask.upstream_only.empty()) out.member("upstream_only", ask.upstream_only);
  out.member("streamed", ask.streamed).member("answers_judgeable", ask.answers_judgeable);
  if (!ask.tools_called_by.empty()) out.member("tools_called_by", ask.tools_called_by);
  out.end_object();
}

void put_quote(JsonWriter& out, const Quote& quote) {
  out.key("quote").begin_object();
  out.member("good_probability", quote.good_probability).member("cost_usd", quote.cost_usd);
  out.member("ttft_p50_ms", quote.ttft_p50_ms).member("ttft_p95_ms", quote.ttft_p95_ms);
  out.member("total_p50_ms", quote.total_p50_ms).member("total_p95_ms", quote.total_p95_ms);
  out.member("energy_joules", quote.energy_joules).member("queue_ms", quote.queue_ms);
  out.member("notes", quote.notes).end_object();
}

void put_considered(JsonWriter& out, const Considered& considered) {
  out.begin_object().member("target", considered.target);
  out.member("place", place_name(considered.place)).member("region", considered.region);
  out.member("standing", considered.standing).member("pseudonyms", considered.hidden);
  out.member("good_enough", considered.good_enough).member("fast_enough", considered.fast_enough);
  out.member("overflowing", considered.overflowing);
  put_quote(out, considered.quote);
  out.key("vetoes").begin_array();
  for (const Veto& veto : considered.vetoes)
    out.begin_object().member("rule", veto.rule).member("reason", veto.reason).end_object();
  out.end_array().end_object();
}

}  // namespace

std::string to_json(const Decision& decision) {
  JsonWriter out;
  out.begin_object().member("time", base::format_rfc3339(decision.time));
  out.member("route", decision.route);
  put_label(out, decision.ask.label);
  put_request(out, decision.ask);
  out.member("rules", decision.rules).member("judged", decision.cascade.has_value());
  out.key("considered").begin_array();
  for (const Considered& one : decision.considered) put_considered(out, one);
  out.end_array();
  if (decision.refused()) {
    out.key("chosen").null().member("refusal", decision.refusal);
    out.member("refusal_code", base::code_name(decision.refusal_code));
  } else {
    out.member("chosen", decision.chosen().target);
    out.key("refusal").null().key("refusal_code").null();
  }
  out.key("fallbacks").begin_array();
  if (!decision.refused())
    for (std::size_t i = 1; i < decision.ranked.size(); ++i)
      out.value(decision.considered[decision.ranked[i]].target);
  return std::move(out.end_array().end_object()).text();
}

}  // namespace nearside::policy
