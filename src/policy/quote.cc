#include "policy/quote.h"

#include <algorithm>

#include <fmt/format.h>

namespace nearside::policy {

namespace {

double quality_of(const Target& target, const Ask& ask, std::vector<std::string>& notes) {
  if (const auto predicted = ask.good_predicted.find(target.name);
      predicted != ask.good_predicted.end())
    return predicted->second;
  if (const auto figure = target.quality.configured(ask.language)) return *figure;
  notes.push_back(fmt::format("no quality figure: {} assumed", kQualityUnknown));
  return kQualityUnknown;
}

void fill_ttft(Quote& out, const Target& target, const Live& live, const Ask& ask) {
  if (live.ttft_p50_ms) {
    const double prompts = live.ttft_prompt_tokens > 0
                               ? static_cast<double>(ask.prompt_tokens) / live.ttft_prompt_tokens
                               : 1;
    const double factor = 1 - live.ttft_prompt_share + live.ttft_prompt_share * prompts;
    out.ttft_p50_ms = *live.ttft_p50_ms * factor;
    out.ttft_p95_ms = live.ttft_p95_ms.value_or(*live.ttft_p50_ms) * factor;
    return;
  }
  if (!target.speed.ttft_ms && !target.speed.prompt_tokens_per_second) {
    out.notes.emplace_back("no figure for the time to the first token");
    return;
  }
  double expected_ms = target.speed.ttft_ms.value_or(0);
  if (target.speed.prompt_tokens_per_second)
    expected_ms +=
        static_cast<double>(ask.prompt_tokens) / *target.speed.prompt_tokens_per_second * 1000;
  out.ttft_p50_ms = expected_ms;
  out.ttft_p95_ms = expected_ms * kSlowEndFactor;
}

void fill_total(Quote& out, const Target& target, const Live& live, const Ask& ask) {
  const auto usual =
      live.tokens_per_second_p50 ? live.tokens_per_second_p50 : target.speed.tokens_per_second;
  if (!usual || *usual <= 0) {
    out.notes.emplace_back("no figure for tokens per second");
    return;
  }
  const double slow = live.tokens_per_second_p50
                          ? live.tokens_per_second_p05.value_or(*live.tokens_per_second_p50)
                          : *usual / kSlowEndFactor;
  const double tokens = static_cast<double>(ask.completion_tokens);
  out.total_p50_ms = out.ttft_p50_ms.value_or(0) + tokens / *usual * 1000;
  out.total_p95_ms = out.ttft_p95_ms.value_or(0) + tokens / std::max(slow, 1e-3) * 1000;
}

/// What waits now is served before this request, whatever else is known. Until a service was
/// measured, others are taken to take as long as this one.
void add_queue(Quote& out, const Live& live) {
  if (!live.queue || live.queue->waiting == 0) return;
  QueueState queue = *live.queue;
  if (queue.service_ms <= 0) queue.service_ms = out.total_p50_ms.value_or(0);
  out.queue_ms = expected_wait_ms(queue);
  for (auto* time : {&out.ttft_p50_ms, &out.ttft_p95_ms, &out.total_p50_ms, &out.total_p95_ms})
    if (*time) **time += out.queue_ms;
  out.notes.push_back(
      fmt::format("{} requests before it: about {:.0f} ms", queue.waiting, out.queue_ms));
}

}  // namespace

Quote quote(const Target& target, const Live& live, const Ask& ask) {
  Quote out;
  out.good_probability = quality_of(target, ask, out.notes);
  fill_ttft(out, target, live, ask);
  fill_total(out, target, live, ask);
  add_queue(out, live);

  Consumption expected;
  expected.input_tokens = ask.prompt_tokens;
  expected.output_tokens = ask.completion_tokens;
  const bool by_time = target.cost && std::holds_alternative<LocalCost>(*target.cost);
  if (by_time && !out.total_p50_ms) {
    out.notes.emplace_back("cost unknown: it depends on the time, for which there is no figure");
  } else {
    // Waiting occupies nothing.
    expected.busy_seconds = std::max(out.total_p50_ms.value_or(0) - out.queue_ms, 0.0) / 1000;
    out.cost_usd = cost_usd(target, expected);
    out.energy_joules = energy_joules(target, expected);
    if (!out.cost_usd) out.notes.emplace_back("no cost figure");
  }
  return out;
}

}  // namespace nearside::policy
