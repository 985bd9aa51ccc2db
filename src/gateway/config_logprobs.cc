// `logprobs`: how much a caller may learn of a model from its log-probabilities.
#include "gateway/config_reader.h"

namespace nearside::gateway {

void read_logprobs(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("logprobs");
  if (node == nullptr) return;
  base::YamlMap map(*node, "logprobs", draft.problems);
  LogprobRules& rules = draft.config.logprobs;
  map.flag("with_logit_bias", rules.with_logit_bias);
  map.flag("tell_unlikely", rules.tell_unlikely);
  std::size_t top_max = rules.top_max;
  // OpenAI's API knows 20 at most.
  if (map.count("top_max", top_max, 0, 20)) rules.top_max = static_cast<std::uint32_t>(top_max);
  map.number("grid", rules.grid, 0, 1);
  map.count("distributions_max", rules.distributions_max, 0, 10'000'000);
  read_duration(map, "window", rules.window, std::chrono::seconds(1), std::chrono::hours(24 * 31));
}

}  // namespace nearside::gateway
