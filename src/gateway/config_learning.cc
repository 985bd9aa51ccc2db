// The sections about what a node learns and tries: quality, feedback, shadow.
#include "gateway/config_reader.h"

namespace nearside::gateway {

using namespace std::chrono_literals;

namespace {

void read_comparisons(const base::YamlNode& node, Draft& draft) {
  base::YamlMap map(node, "comparisons", draft.problems);
  ComparisonRules& rules = draft.config.comparisons;
  draft.comparisons_line = node.line;
  map.need("share", "how many of the requests that may be compared are, such as 0.02");
  map.number("share", rules.share, 0, 1);
  map.need("tenants", "whose requests may be asked twice");
  map.texts("tenants", rules.tenants);
  map.need("usd_per_day", "what all second answers of a day may cost");
  map.number("usd_per_day", rules.usd_per_day, 0, 1e6);
  map.texts("targets", rules.targets);
  map.count("at_once", rules.at_once, 1, 1'000);
  read_sensitivity(map, "sensitivity_max", rules.sensitivity_max);
  map.text("judge", rules.judge);
  optional_number(map, "logprob_mean_min", rules.logprob_mean_min, -100, 0);
  map.flag("charged", rules.charged);
}

}  // namespace

void read_learning(base::YamlMap& root, Draft& draft) {
  const auto path_in = [&draft](base::YamlMap& map, std::string_view key, std::string& out) {
    if (map.text(key, out)) out = resolve_path(draft, out);
  };
  if (const base::YamlNode* node = root.take("quality")) {
    base::YamlMap map(*node, "quality", draft.problems);
    QualityConfig& quality = draft.config.quality;
    path_in(map, "model", quality.model);
    path_in(map, "learned", quality.learned);
    read_duration(map, "save_every", quality.save_every, 1s, 24h);
    if (!quality.any())
      draft.problem(node->line,
                    "quality names no file; name a model made by `nearside route train`, or with "
                    "learned: where to keep what feedback teaches");
    else if (quality.model == quality.learned)
      draft.problem(map.line_of("learned"),
                    "quality.model and quality.learned are one file; the node would overwrite what "
                    "was trained, name another for learned");
  }
  if (const base::YamlNode* node = root.take("shadow")) {
    base::YamlMap map(*node, "shadow", draft.problems);
    map.need("config", "a configuration file whose policy is tried");
    path_in(map, "config", draft.config.shadow_file);
  }
  if (const base::YamlNode* node = root.take("comparisons")) read_comparisons(*node, draft);
  if (const base::YamlNode* node = root.take("feedback")) {
    base::YamlMap map(*node, "feedback", draft.problems);
    map.need("file", "where judgements of answers are kept");
    path_in(map, "file", draft.config.feedback.file);
    read_sensitivity(map, "sensitivity_max", draft.config.feedback.sensitivity_max);
  } else if (draft.config.comparisons.share > 0) {
    draft.problem(draft.comparisons_line,
                  "comparisons would teach nobody; add feedback: with a file, where what they say "
                  "is kept and learned from");
  } else if (!draft.config.quality.learned.empty()) {
    draft.problem(1, "quality.learned is there, but nobody can teach; add feedback: with a file");
  }
}

}  // namespace nearside::gateway
