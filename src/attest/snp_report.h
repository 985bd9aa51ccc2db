// AMD SEV-SNP attestation reports: a processor's word on what a virtual machine was started with.
// Source: AMD 56860, SEV Secure Nested Paging Firmware ABI, table 22; AMD 57230, VCEK
// specification (extensions of the certificate).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/certificate.h"

namespace nearside::attest {

/// Security versions of the firmware's parts.
struct SnpTcb {
  std::uint8_t boot_loader = 0;
  std::uint8_t tee = 0;
  std::uint8_t snp = 0;
  std::uint8_t microcode = 0;

  /// Each part at least that of `other`.
  [[nodiscard]] bool at_least(const SnpTcb& other) const {
    return boot_loader >= other.boot_loader && tee >= other.tee && snp >= other.snp &&
           microcode >= other.microcode;
  }
  bool operator==(const SnpTcb&) const = default;
};

struct SnpReport {
  std::uint32_t version = 0;
  std::uint32_t guest_svn = 0;
  std::uint32_t vmpl = 0;
  bool debug_allowed = false;      // the host may read the guest's memory
  bool migration_allowed = false;  // through an agent
  SnpTcb reported_tcb;
  std::string report_data;  // 64 bytes of the guest's: hash of nonce and key
  std::string measurement;  // 48 bytes
  std::string host_data;    // 32 bytes
  std::string id_key;       // 48 bytes: SHA-384 of who signed the launch measurement; zeros: nobody
  std::string author_key;   // 48 bytes: SHA-384 of who signed that key; zeros: nobody
  std::string chip_id;      // 64 bytes
};

struct SnpExpectation {
  std::string report_data{};                // up to 64 bytes, zeros follow; "" accepts any
  std::vector<std::string> measurements{};  // one of these; empty accepts any
  SnpTcb tcb_min{};
  bool allow_debug = false;
  std::uint32_t vmpl_max = 0;
  std::vector<std::string> signers{};  // id or author key is one of these; empty accepts any
};

struct SnpCertificates {
  trust::Certificate chip;                        // VCEK (or VLEK)
  std::vector<trust::Certificate> intermediates;  // ASK
  std::vector<trust::Certificate> roots;          // ARK, from AMD, not from the evidence
  std::int64_t unix_s = 0;                        // the day to verify for
};

/// Errors: kCorrupt (another length), kUnsupported (a version or signature to come).
base::Result<SnpReport> parse_snp_report(std::string_view report);

/// Errors: kPermission (chain, signature, the certificate is another chip's or another firmware's,
/// report data, measurement, signer, TCB, debug, VMPL: which), and those of parse_snp_report.
base::Result<SnpReport> verify_snp_report(std::string_view report,
                                          const SnpCertificates& certificates,
                                          const SnpExpectation& expectation);

}  // namespace nearside::attest
