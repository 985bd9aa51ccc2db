// `nearside model ...`: subcommands about model files. Each is a file model_<name>.cc with one
// Declare function, declared here, plus one line in the list in model.cc.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run model(App& root, App*& command);

Run model_bom(App& root, App*& command);
Run model_import(App& root, App*& command);
Run model_inspect(App& root, App*& command);
Run model_quantize(App& root, App*& command);
Run model_pack(App& root, App*& command);
Run model_pull(App& root, App*& command);
Run model_push(App& root, App*& command);
Run model_render(App& root, App*& command);
Run model_seal(App& root, App*& command);
Run model_sign(App& root, App*& command);
Run model_synth(App& root, App*& command);
Run model_verify(App& root, App*& command);

}  // namespace nearside::cli
