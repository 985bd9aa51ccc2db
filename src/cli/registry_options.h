// The command line's way to reach a registry.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"
#include "package/registry.h"

namespace nearside::cli {

struct RegistryCommand {
  std::string reference;
  std::string layout;
  bool plain_http = false;
  std::string credentials_file;
  package::RegistryOptions options;
};

void declare_registry_options(App& command, RegistryCommand& options);

/// The reference, with the credentials read. Errors: kInvalidArgument, and those of reading a file.
base::Result<package::Reference> read_registry_options(RegistryCommand& options);

}  // namespace nearside::cli
