// A command that only holds subcommands: `nearside model ...`, `eval ...`, `bench ...`.
#pragma once

#include <span>

#include "cli/command.h"

namespace nearside::cli {

/// Declares the subcommands under `command`; the returned Run runs the one that was given.
Run declare_subcommands(App& command, std::span<const Declare> subcommands);

}  // namespace nearside::cli
