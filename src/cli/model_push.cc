// `nearside model push`: a packed model into an OCI registry.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/model.h"
#include "cli/registry_options.h"

namespace nearside::cli {

namespace {

base::Result<std::string> push(RegistryCommand& options) {
  const package::Reference reference = TRY(read_registry_options(options));
  const auto client = http::Client::create();
  return package::push(*client, options.layout, reference, options.options);
}

Exit run(RegistryCommand& options) {
  const base::Result<std::string> digest = push(options);
  if (!digest) {
    fmt::print(stderr, "nearside model push: {}\n", digest.error().message);
    return Exit::kFailed;
  }
  fmt::print("pushed {} as {}: {}\n", options.layout, options.reference, *digest);
  return Exit::kDone;
}

}  // namespace

Run model_push(App& root, App*& command) {
  const auto options = std::make_shared<RegistryCommand>();
  command = root.add_subcommand("push", "Sends a packed model to an OCI registry");
  command->add_option("layout", options->layout, "from `nearside model pack`")->required();
  command->add_option("reference", options->reference, "HOST[:PORT]/NAME:TAG")->required();
  declare_registry_options(*command, *options);
  command->footer("Example: nearside model push plant.oci registry.example/models/plant:1.2");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
