// `nearside attest ...`: subcommands about evidence, one file each.
#pragma once

#include "cli/command.h"

namespace nearside::cli {

Run attest(App& root, App*& command);

Run attest_quote(App& root, App*& command);
Run attest_verify(App& root, App*& command);

}  // namespace nearside::cli
