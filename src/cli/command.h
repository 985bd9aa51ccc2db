// A subcommand of the program: one file each, registered in commands.cc by one line.
#pragma once

#include <functional>

#include "cli/options.h"

namespace nearside::cli {

/// Exit status of the program: done, failed, wrong usage.
enum class Exit : int { kDone = 0, kFailed = 1, kUsage = 2 };

/// What a command hands back: the command line fills the options it declared on `app` before `run`
/// is called.
using Run = std::function<Exit()>;

/// Declares the command's options on its own sub-app (name, description and footer with an example
/// included).
using Declare = Run (*)(App& root, App*& command);

}  // namespace nearside::cli
