// TPM 2.0 quotes: a TPM's signature under its registers and a verifier's nonce.
// Source: TPM 2.0 Library, part 2: TPMS_ATTEST, TPMS_QUOTE_INFO, TPMT_SIGNATURE.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/public_key.h"

namespace nearside::attest {

using Pcr = std::array<std::uint8_t, 32>;

struct TpmEvidence {
  std::string message;    // TPMS_ATTEST
  std::string signature;  // TPMT_SIGNATURE; or the bare bytes of an RSASSA signature with SHA-256
  std::vector<Pcr> pcrs;  // values of registers 0, 1, ... of the SHA-256 bank, at most 24
};

/// What a quote says.
struct TpmQuote {
  std::string nonce;
  std::vector<unsigned> pcrs;  // quoted, ascending
  std::string pcr_digest;      // SHA-256 over their values
  std::uint64_t clock_ms = 0;
  std::uint32_t reset_count = 0;
  std::uint32_t restart_count = 0;
  std::uint64_t firmware_version = 0;
};

struct TpmExpectation {
  std::string nonce;  // this verifier's, never used before
  /// By index: values that must be quoted. Empty: any.
  std::vector<std::pair<unsigned, Pcr>> pcrs;
};

/// Errors: kCorrupt (not a quote made inside a TPM, or bytes after it), kUnsupported (another bank
/// than SHA-256).
base::Result<TpmQuote> parse_tpm_quote(std::string_view message);

/// Whether `key` is a TPM's is not seen here: it comes from its maker's certificate or from
/// credential activation. Errors: kPermission (signature, nonce, a register: which), and those of
/// parse_tpm_quote.
base::Result<TpmQuote> verify_tpm_quote(const TpmEvidence& evidence, const trust::PublicKey& key,
                                        const TpmExpectation& expectation);

}  // namespace nearside::attest
