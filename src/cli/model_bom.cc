// `nearside model bom`: a CycloneDX ML-BOM into a model's folder, before it is signed.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/model.h"
#include "gguf/file.h"
#include "package/bom.h"

namespace nearside::cli {

namespace {

namespace fs = std::filesystem;

struct Options {
  std::string folder;
  package::BomFacts facts;
};

/// What the folder's model file says of itself, where the options say nothing.
void ask_the_model(const std::string& folder, package::BomFacts& facts) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".gguf") continue;
    const auto file = gguf::File::open(entry.path().string());
    if (!file) continue;
    const auto fill = [&](std::string& fact, std::string_view key) {
      if (!fact.empty()) return;
      if (const auto text = file->get_string(key)) fact = *text;
    };
    fill(facts.architecture, "general.architecture");
    fill(facts.license, "general.license");
    fill(facts.base_model, "general.base_model.0.name");
    return;
  }
}

base::Status write_bom(Options options) {
  ask_the_model(options.folder, options.facts);
  const base::SystemClock clock;
  const std::string bom = TRY(package::make_bom(options.folder, options.facts, clock.wall()));
  return base::write_file_atomic((fs::path(options.folder) / package::kBomFile).string(), bom);
}

Exit run(const Options& options) {
  const base::Status written = write_bom(options);
  if (!written) {
    fmt::print(stderr, "nearside model bom: {}\n", written.error().message);
    return Exit::kFailed;
  }
  fmt::print("wrote {}/{}; sign the folder now\n", options.folder, package::kBomFile);
  return Exit::kDone;
}

}  // namespace

Run model_bom(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("bom", "Writes what a model's folder is made of (CycloneDX)");
  command->add_option("folder", options->folder, "model, templates, card")->required();
  command->add_option("--name", options->facts.name, "of the model")->required();
  command->add_option("--version", options->facts.version, "of the release")->required();
  command->add_option("--supplier", options->facts.supplier, "who releases it");
  command->add_option("--license", options->facts.license, "default: what the model file says");
  command->add_option("--base", options->facts.base_model,
                      "what it was made from; default: what the model file says");
  command->footer(
      "Example: nearside model bom --name plant --version 1.2 --supplier Example plant\n"
      "         nearside model sign --key signer.pem plant");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
