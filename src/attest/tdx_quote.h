// Intel TDX quotes, versions 4 and 5: a processor's word on what a trust domain was started with.
// Source: Intel TDX DCAP Quoting Library API, appendix A.3 and A.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "trust/certificate.h"

namespace nearside::attest {

struct TdxQuote {
  std::uint16_t version = 0;
  std::string tcb_svn;             // 16 bytes: versions of the module's and firmware's parts
  std::string mr_seam;             // 48 bytes: the TDX module
  bool debug = false;              // the host may read the domain's memory
  std::string mr_td;               // 48 bytes: what it was started with
  std::vector<std::string> rtmrs;  // four of 48 bytes: what it measured since
  std::string report_data;         // 64 bytes of the domain's: hash of nonce and key
};

struct TdxExpectation {
  std::string report_data{};          // up to 64 bytes, zeros follow; "" accepts any
  std::vector<std::string> mr_tds{};  // one of these; empty accepts any
  bool allow_debug = false;
  std::string tcb_min{};  // 16 bytes, each part of tcb_svn at least this; "" accepts any
};

/// Errors: kCorrupt (cut short, sizes that do not fit), kUnsupported (another version, technology
/// or key).
base::Result<TdxQuote> parse_tdx_quote(std::string_view quote);

/// Checks the whole way: quote by attestation key, attestation key by the quoting enclave's report,
/// that it is Intel's enclave and not for debugging, its report by the platform's key, that by
/// `roots` (Intel's, not the evidence's own) on the day given. Whether the platform's TCB level is
/// current (tcbInfo) and revocation are not looked at. Errors: kPermission (which step), and those
/// of parse_tdx_quote.
base::Result<TdxQuote> verify_tdx_quote(std::string_view quote,
                                        const std::vector<trust::Certificate>& roots,
                                        std::int64_t unix_s, const TdxExpectation& expectation);

/// The certificates that a quote brings along: platform first. Errors: as parse_tdx_quote.
base::Result<std::vector<trust::Certificate>> tdx_quote_certificates(std::string_view quote);

}  // namespace nearside::attest
