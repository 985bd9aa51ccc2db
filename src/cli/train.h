// `nearside train`: learns a small model from chats and writes a model file.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run train(App& root, App*& command);

}  // namespace nearside::cli
