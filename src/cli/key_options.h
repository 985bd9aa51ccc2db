// The command line's way to say what opens a sealed model.
#pragma once

#include "cli/options.h"
#include "trust/key_envelope.h"

namespace nearside::cli {

void declare_key_options(App& command, trust::KeySource& source);

}  // namespace nearside::cli
