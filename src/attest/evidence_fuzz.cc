// Any bytes as each kind of evidence: read, and verified against the roots that it brings along.
#include <cstdint>
#include <string_view>

#include "attest/nvidia_evidence.h"
#include "attest/release_policy.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "attest/tpm_quote.h"

using namespace nearside;
using namespace nearside::attest;

namespace {

constexpr std::int64_t kDay = 1'800'000'000;

void read(std::string_view bytes) {
  static_cast<void>(parse_tpm_quote(bytes).has_value());
  static_cast<void>(parse_snp_report(bytes).has_value());
  static_cast<void>(parse_nvidia_evidence(bytes).has_value());
  const auto quote = parse_tdx_quote(bytes);
  if (!quote) return;
  if (quote->report_data.size() != 64) __builtin_trap();
  if (const auto certificates = tdx_quote_certificates(bytes))
    static_cast<void>(verify_tdx_quote(bytes, *certificates, kDay, {}).has_value());
}

/// One rule of each kind. Its roots and keys are the evidence's own, so that the seeds pass and
/// what is changed in them comes as far as it can; without them nothing may be let in.
ReleasePolicy policy_that_trusts(const std::vector<trust::Certificate>& certificates) {
  ReleasePolicy policy;
  for (const char* kind : {"tpm", "snp", "tdx", "nvidia"}) {
    MachineRule rule;
    rule.name = rule.kind = kind;
    rule.roots = certificates;
    for (const trust::Certificate& certificate : certificates)
      if (auto key = certificate.public_key()) rule.keys.push_back(*std::move(key));
    policy.machines.push_back(std::move(rule));
  }
  return policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  const auto evidence = parse_evidence(bytes);
  if (!evidence) return 0;
  read(evidence->bytes);
  const std::string nonce(32, 'n');
  static_cast<void>(
      check_evidence(policy_that_trusts(evidence->certificates), *evidence, nonce, kDay)
          .has_value());
  if (check_evidence(policy_that_trusts({}), *evidence, nonce, kDay)) __builtin_trap();
  return 0;
}
