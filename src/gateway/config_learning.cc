// The sections about what a node learns and tries: quality, feedback, shadow.
#include "gateway/config_reader.h"

namespace nearside::gateway {

using namespace std::chrono_literals;

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
  if (const base::YamlNode* node = root.take("feedback")) {
    base::YamlMap map(*node, "feedback", draft.problems);
    map.need("file", "where judgements of answers are kept");
    path_in(map, "file", draft.config.feedback.file);
    read_sensitivity(map, "sensitivity_max", draft.config.feedback.sensitivity_max);
  } else if (!draft.config.quality.learned.empty()) {
    draft.problem(1, "quality.learned is there, but nobody can teach; add feedback: with a file");
  }
}

}  // namespace nearside::gateway
