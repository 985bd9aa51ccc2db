// `templates`: prompt templates that callers use by name.
#include <fmt/format.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

void read_template(const base::YamlNode& item, std::string path, Draft& draft) {
  base::YamlMap map(item, std::move(path), draft.problems);
  TemplateConfig config;
  read_name(map, "how callers name it", config.name);
  map.need("version", "a number that grows with every change");
  map.count("version", config.version, 1, 1'000'000);
  map.need("file", "the template's text, sealed or not");
  if (map.text("file", config.file)) config.file = resolve_path(draft, config.file);
  read_sealed(map, draft, config.sealed);
  std::string role;
  if (map.text("role", role)) {
    config.system = role == "system";
    if (role != "system" && role != "user")
      draft.problem(map.line_of("role"),
                    fmt::format("{}.role is '{}'; it wants system or user", map.path(), role));
  }
  map.texts("tenants", config.tenants);
  for (const TemplateConfig& other : draft.config.templates)
    if (other.name == config.name && other.version == config.version && !config.name.empty())
      draft.problem(item.line, fmt::format("template '{}@{}' stands here a second time",
                                           config.name, config.version));
  draft.config.templates.push_back(std::move(config));
  draft.template_lines.push_back(item.line);
}

}  // namespace

void read_templates(base::YamlMap& root, Draft& draft) {
  root.each("templates", [&](const base::YamlNode& item, std::string path) {
    read_template(item, std::move(path), draft);
  });
}

}  // namespace nearside::gateway
