// Evidence of any kind, as it travels: what a machine shows of itself, with the certificates it
// brings along.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/tpm_quote.h"
#include "base/result.h"
#include "trust/certificate.h"

namespace nearside::attest {

inline constexpr std::size_t kEvidenceBytesMax = 1U << 20;

struct Evidence {
  std::string kind;   // "tpm", "snp", "tdx", "nvidia"
  std::string bytes;  // tpm: the JSON of `nearside attest quote`; else the report or quote itself
  /// snp: the chip's, then those between it and the maker's root; nvidia: the GPU's first; else
  /// none.
  std::vector<trust::Certificate> certificates{};
};

/// Of `nearside attest quote`. Errors: kCorrupt.
base::Result<TpmEvidence> parse_tpm_evidence(std::string_view json);

/// {"kind", "bytes" (base64), "certificates" (list of base64 DER)}.
std::string to_json(const Evidence& evidence);
/// Errors: kCorrupt, kTooLarge (kEvidenceBytesMax).
base::Result<Evidence> parse_evidence(std::string_view json);

}  // namespace nearside::attest
