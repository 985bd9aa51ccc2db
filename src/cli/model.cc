#include "cli/model.h"

#include <array>

#include "cli/command_group.h"

namespace nearside::cli {

namespace {

// One line a subcommand.
constexpr std::array kSubcommands = {
    model_bom,       //
    model_import,    //
    model_inspect,   //
    model_pack,      //
    model_pull,      //
    model_push,      //
    model_quantize,  //
    model_render,    //
    model_seal,      //
    model_sign,      //
    model_synth,     //
    model_verify,    //
};

}  // namespace

Run model(App& root, App*& command) {
  command = root.add_subcommand("model", "Looks into, makes and changes model files");
  command->footer("Example: nearside model inspect models/triage-small.gguf");
  return declare_subcommands(*command, kSubcommands);
}

}  // namespace nearside::cli
