// `nearside model pack`: a model's folder as an OCI image layout (CNCF ModelPack).
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/model.h"
#include "package/oci_layout.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string folder;
  std::string layout;
  package::PackOptions pack;
};

Exit run(const Options& options) {
  const auto digest = package::pack(options.folder, options.layout, options.pack);
  if (!digest) {
    fmt::print(stderr, "nearside model pack: {}\n", digest.error().message);
    return Exit::kFailed;
  }
  fmt::print("packed {} into {}: {}\n", options.folder, options.layout, *digest);
  return Exit::kDone;
}

}  // namespace

Run model_pack(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("pack", "Packs a model's folder for OCI registries");
  command->add_option("folder", options->folder, "model, templates, card, signature")->required();
  command->add_option("-o,--output", options->layout, "OCI layout to make")->required();
  command->add_option("--name", options->pack.name, "of the model")->required();
  command->add_option("--version", options->pack.version, "of the release")->required();
  command->footer(
      "Example: nearside model sign --key signer.pem plant\n"
      "         nearside model pack --name plant --version 1.2 -o plant.oci plant\n"
      "         nearside model push plant.oci registry.example/models/plant:1.2");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
