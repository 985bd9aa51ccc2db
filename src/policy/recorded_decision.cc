#include "policy/recorded_decision.h"

#include "policy/decide.h"

namespace nearside::policy {

namespace json = base::json;

namespace {

const json::object* object_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}
std::string text_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}
std::optional<double> number_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}
std::size_t count_in(const json::object& in, std::string_view name, std::size_t otherwise) {
  const auto value = number_in(in, name);
  return value && *value >= 0 && *value < 1e15 ? static_cast<std::size_t>(*value) : otherwise;
}
bool flag_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::vector<std::string> texts_in(const json::object& in, std::string_view name) {
  std::vector<std::string> out;
  const json::value* value = in.if_contains(name);
  if (value == nullptr || !value->is_array()) return out;
  for (const json::value& item : value->get_array())
    if (item.is_string()) out.emplace_back(item.get_string());
  return out;
}

Regions regions_in(const json::object& in, std::string_view name) {
  const json::value* value = in.if_contains(name);
  return value != nullptr && value->is_array() ? Regions::only(texts_in(in, name)) : Regions();
}

/// Empty: no such request.
std::optional<Ask> read_ask(const json::object& label, const json::object& request) {
  Ask ask;
  const auto level = parse_sensitivity(text_in(label, "sensitivity"));
  if (!level) return std::nullopt;
  ask.label.sensitivity = *level;
  ask.label.categories = texts_in(label, "categories");
  ask.label.regions = regions_in(label, "regions");
  ask.model = text_in(request, "model");
  ask.tenant = text_in(request, "tenant");
  ask.tenant_regions = regions_in(request, "tenant_regions");
  ask.language = text_in(request, "language");
  ask.prompt_tokens = count_in(request, "prompt_tokens", 0);
  ask.completion_tokens = count_in(request, "completion_tokens", Ask::kCompletionTokensGuess);
  if (number_in(request, "completion_tokens_max"))
    ask.completion_tokens_max = count_in(request, "completion_tokens_max", 0);
  ask.priority = parse_priority(text_in(request, "priority")).value_or(Priority::kNormal);
  ask.deadline_ms = number_in(request, "deadline_ms");
  ask.cost_max_usd = number_in(request, "cost_max_usd");
  ask.upstream_only = text_in(request, "upstream_only");
  ask.streamed = flag_in(request, "streamed");
  ask.answers_judgeable = flag_in(request, "answers_judgeable");
  ask.tools_called_by = text_in(request, "tools_called_by");
  return ask;
}

RecordedDecision::Seen read_seen(const json::object& considered, const json::object& quote) {
  RecordedDecision::Seen seen;
  seen.quote.good_probability = number_in(quote, "good_probability").value_or(kQualityUnknown);
  seen.quote.cost_usd = number_in(quote, "cost_usd");
  seen.quote.ttft_p50_ms = number_in(quote, "ttft_p50_ms");
  seen.quote.ttft_p95_ms = number_in(quote, "ttft_p95_ms");
  seen.quote.total_p50_ms = number_in(quote, "total_p50_ms");
  seen.quote.total_p95_ms = number_in(quote, "total_p95_ms");
  seen.overflowing = flag_in(considered, "overflowing");
  const json::value* vetoes = considered.if_contains("vetoes");
  if (vetoes == nullptr || !vetoes->is_array()) return seen;
  for (const json::value& veto : vetoes->get_array())
    if (veto.is_object() && text_in(veto.get_object(), "rule") == "down")
      seen.down_why = text_in(veto.get_object(), "reason");
  return seen;
}

/// Tokens in a second that make so many tokens take as long as between the two times.
std::optional<double> rate(std::size_t tokens, const std::optional<double>& first_ms,
                           const std::optional<double>& total_ms) {
  if (!total_ms) return std::nullopt;
  const double generating_ms = *total_ms - first_ms.value_or(0);
  if (generating_ms <= 0) return std::nullopt;
  return static_cast<double>(tokens) / generating_ms * 1000;
}

}  // namespace

std::vector<Live> RecordedDecision::live_for(const PolicySet& set) const {
  std::vector<Live> out(set.targets.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto found = seen.find(set.targets[i].name);
    if (found == seen.end()) continue;
    const Quote& quote = found->second.quote;
    out[i].healthy = found->second.down_why.empty();
    out[i].unhealthy_why = found->second.down_why;
    out[i].overflowing = found->second.overflowing;
    out[i].ttft_p50_ms = quote.ttft_p50_ms;
    out[i].ttft_p95_ms = quote.ttft_p95_ms;
    out[i].tokens_per_second_p50 =
        rate(ask.completion_tokens, quote.ttft_p50_ms, quote.total_p50_ms);
    out[i].tokens_per_second_p05 =
        rate(ask.completion_tokens, quote.ttft_p95_ms, quote.total_p95_ms);
  }
  return out;
}

base::Result<RecordedDecision> read_decision(const json::value& decision) {
  const json::object* all = decision.if_object();
  const json::object* label = all == nullptr ? nullptr : object_in(*all, "label");
  const json::object* request = all == nullptr ? nullptr : object_in(*all, "request");
  auto ask = label == nullptr || request == nullptr ? std::nullopt : read_ask(*label, *request);
  if (!ask) return base::fail(base::Code::kCorrupt, "this is no decision as a ledger keeps it");
  RecordedDecision out;
  out.ask = *std::move(ask);
  out.chosen = text_in(*all, "chosen");
  const json::value* considered = all->if_contains("considered");
  if (considered == nullptr || !considered->is_array()) return out;
  for (const json::value& given : considered->get_array()) {
    const json::object* one = given.if_object();
    const json::object* quote = one == nullptr ? nullptr : object_in(*one, "quote");
    if (quote == nullptr) continue;
    const std::string name = text_in(*one, "target");
    RecordedDecision::Seen seen = read_seen(*one, *quote);
    out.ask.good_predicted[name] = seen.quote.good_probability;
    out.seen.emplace(name, std::move(seen));
  }
  return out;
}

}  // namespace nearside::policy
