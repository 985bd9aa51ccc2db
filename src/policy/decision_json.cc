// The decision for programs.
#include "policy/decide.h"

namespace nearside::policy {

namespace json = base::json;

namespace {

void put(json::object& out, std::string_view key, const std::optional<double>& figure) {
  if (figure)
    out[key] = *figure;
  else
    out[key] = nullptr;
}

json::array strings(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& item : list) out.emplace_back(item);
  return out;
}

json::value regions_json(const Regions& regions) {
  if (regions.anywhere()) return "anywhere";
  return strings(regions.names());
}

json::object label_json(const Label& label) {
  json::object out;
  out["sensitivity"] = sensitivity_name(label.sensitivity);
  out["categories"] = strings(label.categories);
  out["regions"] = regions_json(label.regions);
  out["findings_count"] = label.findings_count;
  json::array findings;
  for (const Finding& finding : label.findings) {
    json::object one;
    one["detector"] = finding.detector;
    if (finding.message_index == kToolsIndex)
      one["message"] = nullptr;
    else
      one["message"] = finding.message_index;
    one["begin"] = finding.begin;
    one["end"] = finding.end;
    findings.push_back(std::move(one));
  }
  out["findings"] = std::move(findings);
  out["reasons"] = strings(label.reasons);
  return out;
}

json::object request_json(const Ask& ask) {
  json::object out;
  out["model"] = ask.model;
  out["tenant"] = ask.tenant;
  out["tenant_regions"] = regions_json(ask.tenant_regions);
  out["language"] = ask.language;
  out["prompt_tokens"] = ask.prompt_tokens;
  out["completion_tokens"] = ask.completion_tokens;
  out["priority"] = priority_name(ask.priority);
  put(out, "deadline_ms", ask.deadline_ms);
  put(out, "cost_max_usd", ask.cost_max_usd);
  if (ask.sensitivity_hidden)
    out["sensitivity_with_pseudonyms"] = sensitivity_name(*ask.sensitivity_hidden);
  if (ask.completion_tokens_max) out["completion_tokens_max"] = *ask.completion_tokens_max;
  if (!ask.upstream_only.empty()) out["upstream_only"] = ask.upstream_only;
  out["streamed"] = ask.streamed;
  out["answers_judgeable"] = ask.answers_judgeable;
  if (!ask.tools_called_by.empty()) out["tools_called_by"] = ask.tools_called_by;
  return out;
}

json::object quote_json(const Quote& quote) {
  json::object out;
  out["good_probability"] = quote.good_probability;
  put(out, "cost_usd", quote.cost_usd);
  put(out, "ttft_p50_ms", quote.ttft_p50_ms);
  put(out, "ttft_p95_ms", quote.ttft_p95_ms);
  put(out, "total_p50_ms", quote.total_p50_ms);
  put(out, "total_p95_ms", quote.total_p95_ms);
  put(out, "energy_joules", quote.energy_joules);
  out["queue_ms"] = quote.queue_ms;
  out["notes"] = strings(quote.notes);
  return out;
}

json::object considered_json(const Considered& considered) {
  json::object out;
  out["target"] = considered.target;
  out["place"] = place_name(considered.place);
  out["region"] = considered.region;
  out["standing"] = considered.standing;
  out["pseudonyms"] = considered.hidden;
  out["good_enough"] = considered.good_enough;
  out["fast_enough"] = considered.fast_enough;
  out["overflowing"] = considered.overflowing;
  out["quote"] = quote_json(considered.quote);
  json::array vetoes;
  for (const Veto& veto : considered.vetoes)
    vetoes.push_back(json::object{{"rule", veto.rule}, {"reason", veto.reason}});
  out["vetoes"] = std::move(vetoes);
  return out;
}

}  // namespace

json::object to_json(const Decision& decision) {
  json::object out;
  out["time"] = base::format_rfc3339(decision.time);
  out["route"] = decision.route;
  out["label"] = label_json(decision.ask.label);
  out["request"] = request_json(decision.ask);
  out["rules"] = strings(decision.rules);
  out["judged"] = decision.cascade.has_value();
  json::array considered, fallbacks;
  for (const Considered& one : decision.considered) considered.push_back(considered_json(one));
  out["considered"] = std::move(considered);
  if (decision.refused()) {
    out["chosen"] = nullptr;
    out["refusal"] = decision.refusal;
    out["refusal_code"] = base::code_name(decision.refusal_code);
  } else {
    out["chosen"] = decision.chosen().target;
    out["refusal"] = nullptr;
    out["refusal_code"] = nullptr;
    for (std::size_t i = 1; i < decision.ranked.size(); ++i)
      fallbacks.emplace_back(decision.considered[decision.ranked[i]].target);
  }
  out["fallbacks"] = std::move(fallbacks);
  return out;
}

}  // namespace nearside::policy
