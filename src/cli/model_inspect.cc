// `nearside model inspect`: what a model file says of itself.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/model.h"
#include "cli/model_description.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string path;
  bool json = false;
};

Exit run(const Options& options) {
  const gguf::Result<gguf::File> file = gguf::File::open(options.path);
  if (!file) {
    fmt::print(stderr, "nearside model inspect: {}\n", file.error().message);
    return Exit::kFailed;
  }
  if (options.json)
    fmt::print("{}\n", base::json::serialize(describe_json(*file, options.path)));
  else
    fmt::print("{}", describe_text(*file, options.path));
  return Exit::kDone;
}

}  // namespace

Run model_inspect(App& root, App*& command) {
  const auto options = std::make_shared<Options>();  // lives as long as CLI11 may write to it
  command = root.add_subcommand("inspect", "Shows metadata and tensors of a GGUF file");
  command->add_option("file", options->path, "GGUF file")->required();
  command->add_flag("--json", options->json, "one JSON object on standard output");
  command->footer("Example: nearside model inspect --json models/triage-small.gguf | jq .tensors");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
