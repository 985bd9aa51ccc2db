// What must hold of a machine before it is given a key: a file that people write and review.
//
//   machines:
//     - name: press line
//       kind: tpm
//       keys: [press-7-ak.pem]          # attestation keys known to be these TPMs'
//       pcrs: {0: 64 hex digits, 7: ...}
//     - name: confidential workers
//       kind: snp
//       roots: [ark.pem]
//       measurements: [96 hex digits]
//       signers: [96 hex digits]        # SHA-384 of the id key or author key, as reports have it
//       tcb_min: {boot_loader: 3, tee: 0, snp: 8, microcode: 115}
//     - name: trust domains
//       kind: tdx
//       roots: [intel.pem]
//       measurements: [96 hex digits]
//       tcb_min: 32 hex digits          # TEE_TCB_SVN, each byte at least
//
// One entry that holds is enough; what an entry does not say is demanded at its strictest (no
// debugging, VMPL 0), and an entry that would let any machine of a maker in is refused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "attest/evidence.h"
#include "attest/snp_report.h"
#include "base/result.h"
#include "trust/public_key.h"

namespace nearside::attest {

struct MachineRule {
  std::string name;
  std::string kind;
  std::vector<trust::PublicKey> keys;       // tpm: one of these signed
  std::map<unsigned, Pcr> pcrs;             // tpm: registers that must be quoted
  std::vector<trust::Certificate> roots;    // snp, tdx, nvidia: the maker's
  std::vector<std::string> measurements;    // snp, tdx: one of these
  std::map<unsigned, std::string> indexed;  // nvidia: measurements by index
  SnpTcb tcb_min{};                         // snp
  std::uint32_t vmpl_max = 0;               // snp
  bool allow_debug = false;                 // snp, tdx
  std::vector<std::string> signers;         // snp: one of these; empty: any
  std::string tdx_tcb_min;                  // tdx: 16 bytes, or ""
};

struct ReleasePolicy {
  std::vector<MachineRule> machines;
};

/// Paths in it start at the file's folder. Errors: kNotFound, kIo, kInvalidArgument (every problem,
/// a line each, as "file:line: what").
base::Result<ReleasePolicy> load_release_policy(const std::string& path);

/// What a machine was let in by.
struct Admitted {
  std::string rule;
  std::string measurement;  // hex: PCR digest, launch measurement, ...; for records
};

/// `report_data`: what the evidence must have been made for, at most 32 bytes (a nonce, or the hash
/// that binds a key). Errors: kPermission (no rule of its kind holds: why the nearest does not),
/// kCorrupt, kUnsupported.
base::Result<Admitted> check_evidence(const ReleasePolicy& policy, const Evidence& evidence,
                                      std::string_view report_data, std::int64_t unix_s);

}  // namespace nearside::attest
