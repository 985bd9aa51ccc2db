// The command line's way to say whose signatures are wanted.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "package/verify.h"

namespace nearside::cli {

struct SignerOptions {
  std::vector<std::string> key_files;   // PEM
  std::vector<std::string> root_files;  // PEM, one or more certificates each
  std::string subject;
};

void declare_signer_options(App& command, SignerOptions& options);

/// One signer for each key, named by its file, and one for all authorities together.
/// Errors: kInvalidArgument (neither), and those of reading the files.
base::Result<std::vector<package::Signer>> read_signers(const SignerOptions& options);

}  // namespace nearside::cli
