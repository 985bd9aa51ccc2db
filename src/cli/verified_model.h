// Whether a model file is part of a package that a named signer signed.
#pragma once

#include <string>

#include "base/result.h"
#include "gateway/config.h"
#include "package/verify.h"

namespace nearside::cli {

/// Errors: those of reading the files, with the signer's name.
base::Result<std::vector<package::Signer>> read_signers(
    const std::vector<gateway::SignerConfig>& signers);

/// The signature is FILE.sig over the file alone, or model.sig over the folder that it is in.
/// Success is who signed: everything in the folder is as it was signed, and the file is part of
/// that. What the file holds later is not this function's to say: let another user own the folder,
/// or seal the model, whose every byte is authenticated as it is read. Errors: kPermission
/// (unsigned, signed by others, or different from what was signed), kIo.
base::Result<std::string> verify_model_file(const std::string& file,
                                            const std::vector<package::Signer>& signers);

}  // namespace nearside::cli
