// Any bytes as each kind of evidence.
#include <cstdint>
#include <string_view>

#include "attest/nvidia_evidence.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "attest/tpm_quote.h"

using namespace nearside::attest;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_tpm_quote(bytes).has_value());
  static_cast<void>(parse_snp_report(bytes).has_value());
  if (const auto quote = parse_tdx_quote(bytes)) {
    if (quote->report_data.size() != 64) __builtin_trap();
    static_cast<void>(tdx_quote_certificates(bytes).has_value());
    static_cast<void>(verify_tdx_quote(bytes, {}, 0, {}).has_value());
  }
  static_cast<void>(parse_nvidia_evidence(bytes).has_value());
  return 0;
}
