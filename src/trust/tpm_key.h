// Public keys and signatures as a TPM sees them. For this room only.
#pragma once

#include <string>
#include <string_view>

#include <tss2/tss2_tpm2_types.h>

#include "base/result.h"
#include "trust/public_key.h"

namespace nearside::trust {

/// A key that only verifies signatures. REQUIRES: P-256.
TPM2B_PUBLIC tpm_public_of(const PublicKey& key);

/// The TPM's name of that key: hash algorithm and hash of its public area.
std::string tpm_key_name(const PublicKey& key);

/// Errors: kUnsupported (neither RSA nor P-256, P-384, P-521), kCorrupt.
base::Result<PublicKey> public_key_of(const TPMT_PUBLIC& area);

/// From DER. Errors: kCorrupt.
base::Result<TPMT_SIGNATURE> tpm_signature_of(std::string_view der);

}  // namespace nearside::trust
