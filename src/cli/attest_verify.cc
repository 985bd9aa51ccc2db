// `nearside attest verify`: whether evidence holds, offline.
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "attest/evidence.h"
#include "attest/nvidia_evidence.h"
#include "attest/release_policy.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "attest/tpm_quote.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/attest.h"
#include "trust/encoding.h"

namespace nearside::cli {

namespace {

using base::Code;
using base::fail;
namespace json = base::json;

constexpr std::size_t kFileBytesMax = 4U << 20;

struct Options {
  std::string kind;
  std::string evidence_file;
  std::vector<std::string> certificate_files;
  std::vector<std::string> root_files;
  std::string key_file;
  std::string policy_file;
  std::string nonce;
  std::string measurement;
  std::int64_t unix_s = 0;  // 0: now
  bool allow_debug = false;
  bool json = false;
};

/// PEM or DER.
base::Result<std::vector<trust::Certificate>> read_certificates(
    const std::vector<std::string>& files) {
  std::vector<trust::Certificate> all;
  for (const std::string& file : files) {
    const std::string bytes = TRY(base::read_file(file, kFileBytesMax));
    auto some = trust::Certificate::all_from_pem(bytes);
    if (some) {
      all.insert(all.end(), some->begin(), some->end());
      continue;
    }
    auto one = trust::Certificate::from_der(bytes);
    if (!one) return std::move(one).error().with_context(file);
    all.push_back(*std::move(one));
  }
  return all;
}

/// What every kind needs, read.
struct Inputs {
  std::string evidence;
  std::vector<trust::Certificate> certificates;
  std::vector<trust::Certificate> roots;
  std::string nonce;
  std::vector<std::string> measurements;
  std::int64_t unix_s = 0;
};

base::Result<Inputs> read_inputs(const Options& options) {
  Inputs inputs;
  inputs.evidence = TRY(base::read_file(options.evidence_file, kFileBytesMax));
  inputs.certificates = TRY(read_certificates(options.certificate_files));
  inputs.roots = TRY(read_certificates(options.root_files));
  inputs.nonce = TRY(trust::from_hex(options.nonce));
  if (!options.measurement.empty())
    inputs.measurements.push_back(TRY(trust::from_hex(options.measurement)));
  const base::SystemClock clock;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch());
  inputs.unix_s = options.unix_s != 0 ? options.unix_s : now.count();
  return inputs;
}

base::Result<json::object> verify_tpm(const Options& options, const Inputs& inputs) {
  if (options.key_file.empty() || inputs.nonce.empty())
    return fail(Code::kInvalidArgument,
                "a quote is verified with --key (the attestation key, known to be a TPM's) and "
                "--nonce");
  const std::string pem = TRY(base::read_file(options.key_file, kFileBytesMax));
  const trust::PublicKey key = TRY(trust::PublicKey::from_pem(pem));
  const attest::TpmEvidence evidence = TRY(attest::parse_tpm_evidence(inputs.evidence));
  const attest::TpmQuote quote = TRY(attest::verify_tpm_quote(evidence, key, {inputs.nonce, {}}));
  return json::object{{"pcrs", json::value_from(quote.pcrs)},
                      {"pcr_digest", trust::to_hex(quote.pcr_digest)},
                      {"reset_count", quote.reset_count},
                      {"restart_count", quote.restart_count}};
}

base::Result<json::object> verify_snp(const Options& options, const Inputs& inputs) {
  if (inputs.certificates.empty())
    return fail(Code::kInvalidArgument, "an SNP report is verified with --certificate (VCEK, ASK)");
  const attest::SnpCertificates certificates{
      inputs.certificates.front(),
      {inputs.certificates.begin() + 1, inputs.certificates.end()},
      inputs.roots,
      inputs.unix_s};
  const attest::SnpReport report = TRY(
      attest::verify_snp_report(inputs.evidence, certificates,
                                {inputs.nonce, inputs.measurements, {}, options.allow_debug, 0}));
  return json::object{{"measurement", trust::to_hex(report.measurement)},
                      {"report_data", trust::to_hex(report.report_data)},
                      {"debug", report.debug_allowed},
                      {"vmpl", report.vmpl}};
}

base::Result<json::object> verify_tdx(const Options& options, const Inputs& inputs) {
  const attest::TdxQuote quote =
      TRY(attest::verify_tdx_quote(inputs.evidence, inputs.roots, inputs.unix_s,
                                   {inputs.nonce, inputs.measurements, options.allow_debug}));
  json::array rtmrs;
  for (const std::string& rtmr : quote.rtmrs) rtmrs.push_back(json::value(trust::to_hex(rtmr)));
  return json::object{{"mr_td", trust::to_hex(quote.mr_td)},
                      {"rtmrs", rtmrs},
                      {"report_data", trust::to_hex(quote.report_data)},
                      {"debug", quote.debug}};
}

/// NVIDIA's tools write hexadecimal digits.
base::Result<std::string> nvidia_report(std::string hex) {
  std::erase_if(hex, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  return trust::from_hex(hex);
}

base::Result<json::object> verify_nvidia(const Options&, const Inputs& inputs) {
  const std::string report = TRY(nvidia_report(inputs.evidence));
  const attest::NvidiaEvidence evidence = TRY(attest::verify_nvidia_evidence(
      report, inputs.certificates, inputs.roots, inputs.unix_s, {inputs.nonce, {}}));
  json::object measurements;
  for (const auto& [index, value] : evidence.measurements)
    measurements[std::to_string(index)] = trust::to_hex(value);
  return json::object{{"measurements", measurements}};
}

struct Kind {
  const char* name;
  base::Result<json::object> (*verify)(const Options&, const Inputs&);
};
// One line a kind.
constexpr std::array kKinds = {Kind{"tpm", verify_tpm}, Kind{"snp", verify_snp},
                               Kind{"tdx", verify_tdx}, Kind{"nvidia", verify_nvidia}};

base::Result<json::object> verify_by_policy(const Options& options, const Inputs& inputs) {
  const attest::ReleasePolicy policy = TRY(attest::load_release_policy(options.policy_file));
  attest::Evidence evidence{options.kind, inputs.evidence, inputs.certificates};
  if (options.kind == "nvidia") evidence.bytes = TRY(nvidia_report(inputs.evidence));
  const attest::Admitted admitted =
      TRY(attest::check_evidence(policy, evidence, inputs.nonce, inputs.unix_s));
  return json::object{{"machines", admitted.rule}, {"measurement", admitted.measurement}};
}

base::Result<json::object> verify(const Options& options) {
  const Inputs inputs = TRY(read_inputs(options));
  if (!options.policy_file.empty()) return verify_by_policy(options, inputs);
  for (const Kind& kind : kKinds)
    if (options.kind == kind.name) return kind.verify(options, inputs);
  return fail(Code::kInvalidArgument, "--kind is tpm, snp, tdx or nvidia, not {}", options.kind);
}

Exit run(const Options& options) {
  base::Result<json::object> claims = verify(options);
  if (!claims) {
    if (options.json)
      fmt::print("{}\n", json::serialize(
                             json::object{{"verified", false}, {"error", claims.error().message}}));
    fmt::print(stderr, "nearside attest verify: {}\n", claims.error().message);
    return claims.error().code == Code::kInvalidArgument ? Exit::kUsage : Exit::kFailed;
  }
  if (options.json)
    fmt::print("{}\n", json::serialize(json::object{{"verified", true}, {"claims", *claims}}));
  else
    fmt::print("the evidence holds: {}\n", json::serialize(*claims));
  return Exit::kDone;
}

}  // namespace

Run attest_verify(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("verify", "Says whether evidence holds, asking nobody");
  command->add_option("evidence", options->evidence_file, "file with the evidence")->required();
  command->add_option("--kind", options->kind, "tpm, snp, tdx or nvidia")->required();
  command->add_option("--nonce", options->nonce,
                      "hexadecimal: nonce, or report data, that must be in it");
  command->add_option("--certificate", options->certificate_files,
                      "the chip's certificate, then those between it and the root (PEM or DER)");
  command->add_option("--root", options->root_files,
                      "the maker's root certificate, from the maker and not from the evidence");
  command->add_option("--policy", options->policy_file,
                      "release policy (YAML) that must let this machine in; it has the roots, keys "
                      "and measurements");
  command->add_option("--key", options->key_file, "tpm: the attestation key (PEM)");
  command->add_option("--measurement", options->measurement,
                      "snp, tdx: what it must have been started with, hexadecimal");
  command->add_option("--time", options->unix_s, "day to verify for, in Unix seconds (now)");
  command->add_flag("--allow-debug", options->allow_debug, "take machines that can be looked into");
  command->add_flag("--json", options->json, "one JSON object on standard output");
  command->footer(
      "Example: nearside attest verify --kind snp --certificate vcek.der ask.pem --root ark.pem "
      "report.bin");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
