// A node's own TPM as a witness: attestation keys, quotes, and the proof that a key is in this TPM.
//
// A quote proves nothing unless its key is known to be a TPM's. The maker certifies only the
// endorsement key (EK), which cannot sign quotes; so a verifier encrypts a secret to the EK and the
// attestation key's (AK) name together, and only a TPM that holds both gives the secret back.
// Source: TPM 2.0 Library, part 1, "Credential Protection"; TCG EK Credential Profile 2.5, B.3.4.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "trust/public_key.h"
#include "trust/secret_bytes.h"
#include "trust/tpm.h"

namespace nearside::trust {

/// A signing key that only signs what the TPM made. Made again from the owner's seed: always the
/// same in one TPM.
struct TpmAttestationKey {
  std::string public_area;  // TPMT_PUBLIC as marshalled
  std::string name;         // what credentials are bound to
  PublicKey key;            // ECDSA P-256, SHA-256
};

base::Result<TpmAttestationKey> tpm_attestation_key(const Tpm& tpm);

struct TpmQuoted {
  std::string message;       // TPMS_ATTEST
  std::string signature;     // TPMT_SIGNATURE
  std::vector<Sha256> pcrs;  // values of registers 0 to 23
};

/// At most 32 bytes of nonce. Errors: kInvalidArgument, kIo.
base::Result<TpmQuoted> tpm_quote(Tpm& tpm, const PcrIndexes& pcrs, std::string_view nonce);

/// Encrypted to an endorsement key and the name of an attestation key.
struct TpmCredential {
  std::string blob;    // TPM2B_ID_OBJECT
  std::string secret;  // TPM2B_ENCRYPTED_SECRET
};

/// The endorsement key's public area (TPM2B_PUBLIC), to send to the verifier.
base::Result<std::string> tpm_endorsement_key(const Tpm& tpm);

/// Verifier's side: any TPM can make one, its own keys are not used. `secret` has at most 32 bytes.
/// Errors: kCorrupt (the endorsement key), kInvalidArgument, kIo.
base::Result<TpmCredential> tpm_make_credential(const Tpm& tpm, const std::string& endorsement_key,
                                                const std::string& attestation_key_name,
                                                const SecretBytes& secret);

/// Node's side. Errors: kPermission (made for another TPM or another key), kCorrupt, kIo.
base::Result<SecretBytes> tpm_activate_credential(const Tpm& tpm, const TpmCredential& credential);

}  // namespace nearside::trust
