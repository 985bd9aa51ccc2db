// `nearside import`: another gateway's configuration as one of ours.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "cli/commands.h"
#include "gateway/config.h"
#include "gateway/litellm_import.h"

namespace nearside::cli {

Run import_config(App& root, App*& command) {
  command = root.add_subcommand("import", "Takes over another gateway's configuration");
  command->footer(
      "Example: nearside import --litellm config.yaml > nearside.yaml\n"
      "What needs a look is said on stderr, one line each.");
  auto file = std::make_shared<std::string>();
  command->add_option("--litellm", *file, "a LiteLLM proxy's config.yaml")->required();
  return [file] {
    const auto text = base::read_file(*file, gateway::kConfigBytesMax);
    if (!text) {
      fmt::print(stderr, "nearside import: {}\n", text.error().message);
      return Exit::kFailed;
    }
    const auto imported = gateway::import_litellm(*text);
    if (!imported) {
      fmt::print(stderr, "nearside import: {}: {}\n", *file, imported.error().message);
      return Exit::kFailed;
    }
    for (const std::string& note : imported->notes)
      fmt::print(stderr, "nearside import: {}\n", note);
    fmt::print("{}", imported->yaml);
    return Exit::kDone;
  };
}

}  // namespace nearside::cli
