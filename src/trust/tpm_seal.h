// Secrets that only this machine's TPM gives back, and only in a state that an authority approved.
#pragma once

#include <string>

#include "base/result.h"
#include "trust/secret_bytes.h"
#include "trust/tpm.h"
#include "trust/tpm_policy.h"

namespace nearside::trust {

/// The TPM's two halves of a sealed secret; neither is secret, both are useless elsewhere.
struct TpmSealed {
  std::string public_area;   // TPM2B_PUBLIC as marshalled
  std::string private_area;  // TPM2B_PRIVATE, encrypted by the TPM
};

/// At most 128 bytes. Any approval of `authority` opens it. Errors: kInvalidArgument (too long; the
/// key is not on P-256), kIo.
base::Result<TpmSealed> tpm_seal(const Tpm& tpm, const SecretBytes& secret,
                                 const PublicKey& authority);

/// Errors: kPermission (the registers are not as approved; the counter has passed the approval: an
/// older release; the approval's signature is not the authority's; a secret sealed under another
/// authority or by another TPM), kCorrupt, kIo.
base::Result<SecretBytes> tpm_unseal(const Tpm& tpm, const TpmSealed& sealed,
                                     const TpmApproval& approval, const PublicKey& authority);

}  // namespace nearside::trust
