// `nearside model ...`: subcommands about model files. Each is a file model_<name>.cc with one
// Declare function, declared here, plus one line in the list in model.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run model(CLI::App& root, CLI::App*& command);

Run model_import(CLI::App& root, CLI::App*& command);
Run model_inspect(CLI::App& root, CLI::App*& command);
Run model_quantize(CLI::App& root, CLI::App*& command);
Run model_pack(CLI::App& root, CLI::App*& command);
Run model_pull(CLI::App& root, CLI::App*& command);
Run model_push(CLI::App& root, CLI::App*& command);
Run model_render(CLI::App& root, CLI::App*& command);
Run model_seal(CLI::App& root, CLI::App*& command);
Run model_sign(CLI::App& root, CLI::App*& command);
Run model_synth(CLI::App& root, CLI::App*& command);
Run model_verify(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
