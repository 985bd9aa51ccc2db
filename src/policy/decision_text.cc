// The decision for people.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/decide.h"

namespace nearside::policy {

namespace {

std::string figure(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "?";
}

std::string pair(const std::optional<double>& usual, const std::optional<double>& slow) {
  return usual || slow ? fmt::format("{}/{}", figure(usual, 0), figure(slow, 0)) : "?";
}

void label_lines(std::string& out, const Ask& ask) {
  const Label& label = ask.label;
  out += fmt::format("label     {}", sensitivity_name(label.sensitivity));
  if (!label.categories.empty()) out += fmt::format(" ({})", fmt::join(label.categories, ", "));
  if (!label.regions.anywhere()) out += fmt::format(", only in {}", label.regions.text());
  out += '\n';
  for (const std::string& reason : label.reasons) out += fmt::format("          - {}\n", reason);
  if (ask.sensitivity_hidden)
    out += fmt::format("          - {} once personal values are placeholders\n",
                       sensitivity_name(*ask.sensitivity_hidden));
}

void request_line(std::string& out, const Decision& decision) {
  const Ask& ask = decision.ask;
  out += fmt::format("request   model {}, ", ask.model);
  out += decision.route.empty() ? "target named by the client" : "route " + decision.route;
  out += fmt::format(", language {}, about {} + {} tokens, priority {}",
                     ask.language.empty() ? "unknown" : ask.language, ask.prompt_tokens,
                     ask.completion_tokens, priority_name(ask.priority));
  if (ask.deadline_ms) out += fmt::format(", deadline {:.0f} ms", *ask.deadline_ms);
  if (ask.cost_max_usd) out += fmt::format(", at most ${}", *ask.cost_max_usd);
  if (!ask.tenant.empty()) out += fmt::format(", tenant {}", ask.tenant);
  if (!ask.tenant_regions.anywhere())
    out += fmt::format(" (only in {})", ask.tenant_regions.text());
  out += '\n';
}

void table(std::string& out, const Decision& decision) {
  std::size_t width = 6;
  for (const Considered& one : decision.considered) width = std::max(width, one.target.size());
  out += fmt::format("\n  {:<{}}  {:<10} {:>6} {:>12} {:>13} {:>15} {:>9}\n", "target", width,
                     "region", "P(good)", "cost USD", "ttft ms", "total ms", "energy J");
  for (const Considered& one : decision.considered) {
    const Quote& q = one.quote;
    out += fmt::format("  {:<{}}  {:<10} {:>7.2f} {:>12} {:>13} {:>15} {:>9}\n", one.target, width,
                       one.region.empty() ? "-" : one.region, q.good_probability,
                       figure(q.cost_usd, 7), pair(q.ttft_p50_ms, q.ttft_p95_ms),
                       pair(q.total_p50_ms, q.total_p95_ms), figure(q.energy_joules, 2));
    if (one.vetoes.empty()) out += fmt::format("      {}\n", one.standing);
    for (const Veto& veto : one.vetoes) out += fmt::format("      vetoed: {}\n", veto.reason);
    for (const std::string& note : q.notes) out += fmt::format("      note: {}\n", note);
  }
}

}  // namespace

std::string to_text(const Decision& decision) {
  std::string out;
  label_lines(out, decision.ask);
  request_line(out, decision);
  for (const std::string& rule : decision.rules) out += fmt::format("rule      {}\n", rule);
  table(out, decision);
  out += '\n';
  if (decision.refused()) return out + fmt::format("refused   {}\n", decision.refusal);
  out += fmt::format("goes to   {}\n", decision.chosen().target);
  for (std::size_t i = 1; i < decision.ranked.size(); ++i)
    out += fmt::format("else to   {}\n", decision.considered[decision.ranked[i]].target);
  return out;
}

}  // namespace nearside::policy
