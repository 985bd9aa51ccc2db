// `nearside train`: learns a small model from chats and writes a model file.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run train(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
