// Sealing a file for a node: what `nearside model seal` and `nearside model pull` share.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"

namespace nearside::cli {

struct SealingOptions {
  std::string key_file;        // the weaker way; made when absent
  std::string tpm;             // or this machine's TPM, with both of these
  std::string authority_file;  // PEM
  std::string approval_file;   // JSON, from `nearside tpm approve`

  [[nodiscard]] bool any() const {
    return !key_file.empty() || !tpm.empty() || !authority_file.empty() || !approval_file.empty();
  }
};

void declare_sealing_options(App& command, SealingOptions& options);

/// Encrypts `plain` into `output` under a new key, and writes the key, wrapped for the node, to
/// `envelope`. The names appear only when their files are whole. `plain` stays as it is.
/// Errors: kInvalidArgument (neither way or both are given; the file is sealed already), kIo, and
/// those of the key file and the TPM.
base::Status seal_for_node(const SealingOptions& options, const std::string& plain,
                           const std::string& output, const std::string& envelope);

}  // namespace nearside::cli
