#include "attest/release_policy.h"

#include <array>

#include "attest/nvidia_evidence.h"
#include "attest/tdx_quote.h"
#include "trust/encoding.h"

namespace nearside::attest {

using base::Code;
using base::fail;

namespace {

base::Result<std::string> check_tpm(const MachineRule& rule, const Evidence& evidence,
                                    std::string_view report_data, std::int64_t) {
  const TpmEvidence quote = TRY(parse_tpm_evidence(evidence.bytes));
  TpmExpectation expectation{std::string(report_data), {}};
  for (const auto& [index, value] : rule.pcrs) expectation.pcrs.emplace_back(index, value);
  base::Error refused = fail(Code::kPermission, "no attestation key is named");
  for (const trust::PublicKey& key : rule.keys) {
    auto verified = verify_tpm_quote(quote, key, expectation);
    if (verified) return trust::to_hex(verified->pcr_digest);
    refused = std::move(verified).error();
  }
  return refused;
}

base::Result<std::string> check_snp(const MachineRule& rule, const Evidence& evidence,
                                    std::string_view report_data, std::int64_t unix_s) {
  if (evidence.certificates.empty())
    return fail(Code::kPermission, "the evidence brings no certificate of its chip");
  const SnpCertificates certificates{
      evidence.certificates.front(),
      {evidence.certificates.begin() + 1, evidence.certificates.end()},
      rule.roots,
      unix_s};
  const SnpReport report =
      TRY(verify_snp_report(evidence.bytes, certificates,
                            {std::string(report_data), rule.measurements, rule.tcb_min,
                             rule.allow_debug, rule.vmpl_max, rule.signers}));
  return trust::to_hex(report.measurement);
}

base::Result<std::string> check_tdx(const MachineRule& rule, const Evidence& evidence,
                                    std::string_view report_data, std::int64_t unix_s) {
  const TdxQuote quote = TRY(verify_tdx_quote(
      evidence.bytes, rule.roots, unix_s,
      {std::string(report_data), rule.measurements, rule.allow_debug, rule.tdx_tcb_min}));
  return trust::to_hex(quote.mr_td);
}

base::Result<std::string> check_nvidia(const MachineRule& rule, const Evidence& evidence,
                                       std::string_view report_data, std::int64_t unix_s) {
  const NvidiaEvidence verified =
      TRY(verify_nvidia_evidence(evidence.bytes, evidence.certificates, rule.roots, unix_s,
                                 {std::string(report_data), rule.indexed}));
  return std::string(verified.measurements.empty()
                         ? std::string()
                         : trust::to_hex(verified.measurements.begin()->second));
}

struct Kind {
  std::string_view name;
  base::Result<std::string> (*check)(const MachineRule&, const Evidence&, std::string_view,
                                     std::int64_t);
};
// One line a kind.
constexpr std::array kKinds = {Kind{"tpm", check_tpm}, Kind{"snp", check_snp},
                               Kind{"tdx", check_tdx}, Kind{"nvidia", check_nvidia}};

}  // namespace

base::Result<Admitted> check_evidence(const ReleasePolicy& policy, const Evidence& evidence,
                                      std::string_view report_data, std::int64_t unix_s) {
  // Evidence for no purpose in particular could be anybody's from yesterday.
  if (report_data.empty() || report_data.size() > 32)
    return fail(Code::kInvalidArgument, "evidence must be made for 1 to 32 bytes");
  base::Error refused = fail(Code::kPermission,
                             "no machine of the kind '{}' is let in by this policy", evidence.kind);
  for (const MachineRule& rule : policy.machines) {
    if (rule.kind != evidence.kind) continue;
    for (const Kind& kind : kKinds) {
      if (kind.name != rule.kind) continue;
      auto measured = kind.check(rule, evidence, report_data, unix_s);
      if (measured) return Admitted{rule.name, *std::move(measured)};
      refused = std::move(measured).error().with_context("machines '" + rule.name + "'");
    }
  }
  return refused;
}

}  // namespace nearside::attest
