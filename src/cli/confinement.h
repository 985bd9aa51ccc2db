// What a gateway may still open once it serves: a node that a hostile request took over has neither
// the keys of its models nor a way to change what the node does after a restart.
//
// `nearside serve --confined`. Files named in the configuration stay readable, with the folders
// they are in, so that they can be replaced; what opens sealed models is left out, wherever it
// lies. Folders of what the node writes (ledger, audit log, feedback, learned quality) stay
// writable. Everything else is closed, no program can be run, and workers, which come from outside
// (worker::WorkerStarter), cannot be looked into.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/config.h"
#include "trust/landlock.h"

namespace nearside::cli {

struct Confinement {
  trust::LandlockRules rules;
  std::vector<std::string> secrets;  // key files and TPMs that open models: kept out
};

/// Reads folders, opens nothing. Errors: kInvalidArgument (every contradiction, a line each: a key
/// that opens models opens a template too; a TPM that is no device file; a folder that the node
/// writes to holds its configuration, or what else it believes).
base::Result<Confinement> plan_confinement(const gateway::Config& config);

/// Whether a configuration read later can be served as confined before: what opens its models must
/// have been kept out. Errors: kPermission.
base::Status still_confined(const Confinement& confinement, const gateway::Config& config);

}  // namespace nearside::cli
