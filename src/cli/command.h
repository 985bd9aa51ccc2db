// A subcommand of the program: one file each, registered in commands.cc by one line.
#pragma once

#include <functional>

#include <CLI/App.hpp>

namespace nearside::cli {

/// Exit status of the program: done, failed, wrong usage.
enum class Exit : int { kDone = 0, kFailed = 1, kUsage = 2 };

/// What a command hands back: CLI11 fills the options it declared on `app` before `run` is called.
using Run = std::function<Exit()>;

/// Declares the command's options on its own sub-app (name, description and footer with an example
/// included).
using Declare = Run (*)(CLI::App& root, CLI::App*& command);

}  // namespace nearside::cli
