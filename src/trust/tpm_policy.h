// Which state of a machine may open a sealed key: decided and signed away from any TPM.
//
// A sealed key is bound not to a state but to an authority's public key (PolicyAuthorize). The
// authority signs each release's state: registers as they will be, and a counter's value that the
// machine must not have passed. So a new release opens what was sealed before, without sealing it
// anew; and once the counter was raised for it, no older release does.
// Source: TPM 2.0 Library, part 3: PolicyPCR, PolicyNV, PolicyAuthorize.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "trust/private_key.h"
#include "trust/tpm.h"

namespace nearside::trust {

/// A state in which keys open.
struct TpmState {
  PcrIndexes pcrs = kBootPcrs;
  Sha256 pcr_digest{};
  std::uint32_t counter_handle = 0;
  std::uint64_t counter_max = 0;  // opens while the machine's counter is at most this
};

/// A state with the authority's signature.
struct TpmApproval {
  TpmState state;
  std::string signature;  // DER
};

/// The digest that a TPM in that state reaches.
Sha256 state_policy(const TpmState& state);

/// The digest that a sealed key is bound to. REQUIRES: a P-256 key.
Sha256 authority_policy(const PublicKey& authority);

/// Errors: kInvalidArgument (the key is not on P-256, the one curve that every TPM has).
base::Result<TpmApproval> approve(const TpmState& state, const PrivateKey& authority);

/// The NV handle that `nearside tpm` uses unless told otherwise: in the range that owners may use.
inline constexpr std::uint32_t kReleaseCounter = 0x01500016;

base::json::object encode_state(const TpmState& state);
/// Errors: kCorrupt.
base::Result<TpmState> parse_state(const base::json::value& value);

base::json::object encode_approval(const TpmApproval& approval);
/// Checks the form only: the TPM checks the signature. Errors: kCorrupt.
base::Result<TpmApproval> parse_approval(const base::json::value& value);

}  // namespace nearside::trust
