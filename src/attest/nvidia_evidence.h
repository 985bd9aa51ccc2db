// NVIDIA GPU attestation: SPDM measurements signed by the GPU.
// Source: DMTF DSP0274 (SPDM 1.1), GET_MEASUREMENTS and MEASUREMENTS.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/certificate.h"

namespace nearside::attest {

struct NvidiaEvidence {
  std::string nonce;                             // of the request, 32 bytes
  std::map<unsigned, std::string> measurements;  // by index from 1
};

struct NvidiaExpectation {
  std::string nonce;  // this verifier's
  /// Measurements that must have these values (NVIDIA's reference manifest has them). Empty: any.
  std::map<unsigned, std::string> measurements;
};

/// Request and response in one, as NVIDIA's tools keep them. Errors: kCorrupt, kUnsupported.
base::Result<NvidiaEvidence> parse_nvidia_evidence(std::string_view report);

/// `chain`: the GPU's certificate first; `roots` NVIDIA's, not the evidence's own.
/// Errors: kPermission (chain, signature, nonce, a measurement: which), and those of parsing.
base::Result<NvidiaEvidence> verify_nvidia_evidence(std::string_view report,
                                                    std::span<const trust::Certificate> chain,
                                                    std::span<const trust::Certificate> roots,
                                                    std::int64_t unix_s,
                                                    const NvidiaExpectation& expectation);

}  // namespace nearside::attest
