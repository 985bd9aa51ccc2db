// Real evidence from real hardware, as it came and with one thing changed.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include <gtest/gtest.h>

#include "attest/nvidia_evidence.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "attest/tpm_quote.h"
#include "base/file.h"
#include "base/json.h"
#include "trust/encoding.h"

namespace nearside::attest {
namespace {

namespace fs = std::filesystem;
using base::Code;
using trust::Certificate;

const fs::path kData = "../shared/data/attestation-evidence";

std::string read(const char* path) { return base::read_file((kData / path).string()).value(); }

std::string without_space(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return std::isspace(c); }),
             text.end());
  return text;
}

class EvidenceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kData)) GTEST_SKIP() << kData << " is absent";
  }
};

// --- SEV-SNP

class SnpTest : public EvidenceTest {
 protected:
  /// The chain file holds ASK, ARK and sometimes ASVK; ARK is the one that signed itself.
  static SnpCertificates certificates(const std::string& chip_der, const char* chain_path) {
    const auto chain = Certificate::all_from_pem(read(chain_path)).value();
    SnpCertificates result{Certificate::from_der(chip_der).value(), {}, {}, kDay};
    for (const Certificate& certificate : chain)
      (certificate.subject().find("CN=ARK") != std::string::npos ? result.roots
                                                                 : result.intermediates)
          .push_back(certificate);
    return result;
  }
  static constexpr std::int64_t kDay = 1'700'000'000;  // November 2023
};

TEST_F(SnpTest, RealReportsHold) {
  const auto report = verify_snp_report(
      read("snp/trustee/test-report.bin"),
      certificates(read("snp/trustee/test-vcek.der"), "snp/trustee/milan_ask_ark_asvk.pem"),
      {.allow_debug = true, .vmpl_max = 3});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->version, 2U);
  const auto other = verify_snp_report(
      read("snp/go-sev-guest/attestation.bin"),
      certificates(read("snp/go-sev-guest/vcek.testcer"), "snp/go-sev-guest/milan.testcer"),
      {.allow_debug = true, .vmpl_max = 3});
  ASSERT_TRUE(other) << other.error().message;
}

TEST_F(SnpTest, TheInvalidCertificateIsRefused) {
  const auto certificate = Certificate::from_der(read("snp/trustee/test-vcek-invalid-legacy.der"));
  if (!certificate) return;
  const auto report =
      verify_snp_report(read("snp/trustee/test-report.bin"),
                        certificates(read("snp/trustee/test-vcek-invalid-legacy.der"),
                                     "snp/trustee/milan_ask_ark_asvk.pem"),
                        {.allow_debug = true, .vmpl_max = 3});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kPermission);
}

TEST_F(SnpTest, AnyChangedByteOfTheSignedPartIsRefused) {
  const std::string good = read("snp/trustee/test-report.bin");
  const auto chain =
      certificates(read("snp/trustee/test-vcek.der"), "snp/trustee/milan_ask_ark_asvk.pem");
  for (std::size_t i = 0; i < 0x2A0 + 48; i += 5) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verify_snp_report(changed, chain, {.allow_debug = true, .vmpl_max = 3})) << i;
  }
}

TEST_F(SnpTest, AnotherChipsCertificateAnotherLineAndAnotherDayAreRefused) {
  const std::string report = read("snp/trustee/test-report.bin");
  const SnpExpectation any{.allow_debug = true, .vmpl_max = 3};
  EXPECT_FALSE(verify_snp_report(
      report,
      certificates(read("snp/go-sev-guest/vcek.testcer"), "snp/trustee/milan_ask_ark_asvk.pem"),
      any));
  EXPECT_FALSE(verify_snp_report(
      report, certificates(read("snp/trustee/test-vcek.der"), "snp/trustee/genoa_ask_ark_asvk.pem"),
      any));
  auto late = certificates(read("snp/trustee/test-vcek.der"), "snp/trustee/milan_ask_ark_asvk.pem");
  late.unix_s = 2'200'000'000;
  EXPECT_FALSE(verify_snp_report(report, late, any));
  late.roots.clear();
  late.unix_s = kDay;
  EXPECT_FALSE(verify_snp_report(report, late, any));
}

TEST_F(SnpTest, WhatIsExpectedMustBeThere) {
  const std::string bytes = read("snp/trustee/test-report.bin");
  const auto chain =
      certificates(read("snp/trustee/test-vcek.der"), "snp/trustee/milan_ask_ark_asvk.pem");
  const SnpReport report = parse_snp_report(bytes).value();
  SnpExpectation expectation{
      report.report_data, {report.measurement}, report.reported_tcb, true, 3};
  EXPECT_TRUE(verify_snp_report(bytes, chain, expectation));
  SnpExpectation other = expectation;
  other.report_data = std::string(64, 'x');
  EXPECT_FALSE(verify_snp_report(bytes, chain, other));
  other = expectation;
  other.measurements = {std::string(48, 'x')};
  EXPECT_FALSE(verify_snp_report(bytes, chain, other));
  other = expectation;
  other.signers = {std::string(48, 'x')};
  EXPECT_FALSE(verify_snp_report(bytes, chain, other));
  other.signers.push_back(report.id_key);
  EXPECT_TRUE(verify_snp_report(bytes, chain, other));
  other.signers.back() = report.author_key;
  EXPECT_TRUE(verify_snp_report(bytes, chain, other));
  other = expectation;
  ++other.tcb_min.microcode;
  EXPECT_FALSE(verify_snp_report(bytes, chain, other));
  other = expectation;
  other.allow_debug = false;
  EXPECT_EQ(verify_snp_report(bytes, chain, other).has_value(), !report.debug_allowed);
}

TEST(SnpReport, RefusesEveryOtherLength) {
  for (const std::size_t size : {0UL, 1UL, 1183UL, 1185UL})
    EXPECT_EQ(parse_snp_report(std::string(size, '\2')).error().code, Code::kCorrupt);
}

// --- TDX

class TdxTest : public EvidenceTest {
 protected:
  static constexpr std::int64_t kDay = 1'772'000'000;  // February 2026
  /// Intel's root as it stands at the end of a chain; pinned by comparing two quotes' copies.
  static std::vector<Certificate> intel_root() {
    const auto chain = tdx_quote_certificates(read("tdx/go-tdx-guest/tdx_prod_quote_SPR_E4.dat"));
    return {chain.value().back()};
  }
  static constexpr const char* kQuotes[] = {
      "tdx/go-tdx-guest/tdx_prod_quote_SPR_E4.dat", "tdx/go-tdx-guest/quote_v5_sample.dat",
      "tdx/trustee/tdx_quote_4.dat", "tdx/trustee/tdx_quote_5.dat"};
};

TEST_F(TdxTest, RealQuotesHold) {
  for (const char* path : kQuotes) {
    const auto quote = verify_tdx_quote(read(path), intel_root(), kDay, {.allow_debug = true});
    EXPECT_TRUE(quote) << path << ": " << quote.error().message;
  }
}

TEST_F(TdxTest, ClaimsAreAsTheReferenceReadsThem) {
  const TdxQuote quote = parse_tdx_quote(read("tdx/trustee/tdx_quote_4.dat")).value();
  const std::string expected = read("tdx/trustee/parse_tdx_claims_expected.json");
  const base::json::value document = base::parse_json(expected).value();
  const auto& body = document.at("quote").at("body").get_object();
  EXPECT_EQ(trust::to_hex(quote.mr_td), body.at("mr_td").get_string());
  EXPECT_EQ(trust::to_hex(quote.mr_seam), body.at("mr_seam").get_string());
  EXPECT_EQ(trust::to_hex(quote.tcb_svn), body.at("tcb_svn").get_string());
  EXPECT_EQ(trust::to_hex(quote.rtmrs[0]), body.at("rtmr_0").get_string());
  EXPECT_EQ(trust::to_hex(quote.rtmrs[1]), body.at("rtmr_1").get_string());
  EXPECT_EQ(trust::to_hex(quote.report_data), body.at("report_data").get_string());
  EXPECT_EQ(quote.debug, document.at("td_attributes").at("debug").get_bool());
}

TEST_F(TdxTest, AnyChangedByteIsRefused) {
  const std::string good = read(kQuotes[0]);
  const auto roots = intel_root();
  const std::size_t signed_end = 48 + 584 + 4 + 128 + 6 + 384 + 64 + 2 + 32;
  for (std::size_t i = 0; i < signed_end; i += 3) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verify_tdx_quote(changed, roots, kDay, {.allow_debug = true})) << i;
  }
}

TEST_F(TdxTest, EveryTruncationIsRefused) {
  const std::string good = read(kQuotes[1]);
  for (std::size_t size = 0; size < good.size() - 600; size += 7)
    EXPECT_FALSE(verify_tdx_quote(good.substr(0, size), intel_root(), kDay, {.allow_debug = true}));
}

TEST_F(TdxTest, WithoutTheRootOrOnAnotherDayItIsRefused) {
  EXPECT_FALSE(verify_tdx_quote(read(kQuotes[0]), {}, kDay, {.allow_debug = true}));
  EXPECT_FALSE(
      verify_tdx_quote(read(kQuotes[0]), intel_root(), 4'000'000'000, {.allow_debug = true}));
}

TEST_F(TdxTest, DebugAndOtherMeasurementsAreRefused) {
  const std::string debug = read("tdx/trustee/tdx_quote_4.dat");
  const auto refused = verify_tdx_quote(debug, intel_root(), kDay, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("debug"), std::string::npos);
  EXPECT_FALSE(verify_tdx_quote(debug, intel_root(), kDay,
                                {.mr_tds = {std::string(48, 'x')}, .allow_debug = true}));
  EXPECT_FALSE(verify_tdx_quote(debug, intel_root(), kDay,
                                {.report_data = "nonce", .mr_tds = {}, .allow_debug = true}));
}

TEST_F(TdxTest, AnOlderPartThanRequiredIsRefused) {
  const std::string bytes = read("tdx/trustee/tdx_quote_4.dat");
  const TdxQuote quote = parse_tdx_quote(bytes).value();
  TdxExpectation expectation{.mr_tds = {quote.mr_td}, .allow_debug = true};
  expectation.tcb_min = quote.tcb_svn;
  EXPECT_TRUE(verify_tdx_quote(bytes, intel_root(), kDay, expectation));
  for (std::size_t i = 0; i < quote.tcb_svn.size(); ++i) {
    expectation.tcb_min = quote.tcb_svn;
    ++expectation.tcb_min[i];
    EXPECT_FALSE(verify_tdx_quote(bytes, intel_root(), kDay, expectation)) << i;
  }
}

// --- TPM

class TpmQuoteTest : public EvidenceTest {
 protected:
  void SetUp() override {
    EvidenceTest::SetUp();
    if (IsSkipped()) return;
    const std::string text = read("tpm/tpm_evidence.json");
    const base::json::value document = base::parse_json(text).value();
    const auto& quote = document.at("tpm_quote").get_object();
    evidence_.message = trust::from_strict_base64(quote.at("message").get_string()).value();
    evidence_.signature = trust::from_strict_base64(quote.at("signature").get_string()).value();
    for (const auto& item : quote.at("pcrs").get_array()) {
      const std::string bytes = trust::from_hex(item.get_string()).value();
      Pcr pcr{};
      std::copy(bytes.begin(), bytes.end(), pcr.begin());
      evidence_.pcrs.push_back(pcr);
    }
    const std::string der =
        trust::from_strict_base64(document.at("ak_public").get_string()).value();
    key_.emplace(trust::PublicKey::from_der(der).value());
    nonce_ = parse_tpm_quote(evidence_.message)->nonce;
  }
  TpmEvidence evidence_;
  std::optional<trust::PublicKey> key_;
  std::string nonce_;
};

TEST_F(TpmQuoteTest, ARealQuoteHolds) {
  const auto quote = verify_tpm_quote(evidence_, *key_, {nonce_, {}});
  ASSERT_TRUE(quote) << quote.error().message;
  EXPECT_FALSE(quote->pcrs.empty());
  const unsigned first = quote->pcrs.front();
  EXPECT_TRUE(verify_tpm_quote(evidence_, *key_, {nonce_, {{first, evidence_.pcrs[first]}}}));
}

TEST_F(TpmQuoteTest, AnotherNonceRegisterOrKeyIsRefused) {
  EXPECT_FALSE(verify_tpm_quote(evidence_, *key_, {nonce_ + "x", {}}));
  const unsigned first = parse_tpm_quote(evidence_.message)->pcrs.front();
  EXPECT_FALSE(verify_tpm_quote(evidence_, *key_, {nonce_, {{first, Pcr{1, 2, 3}}}}));
  TpmEvidence changed = evidence_;
  changed.pcrs[first][0] ^= 1;
  EXPECT_FALSE(verify_tpm_quote(changed, *key_, {nonce_, {}}));
}

TEST_F(TpmQuoteTest, AnyChangedByteIsRefused) {
  for (std::size_t i = 0; i < evidence_.message.size(); ++i) {
    TpmEvidence changed = evidence_;
    changed.message[i] = static_cast<char>(changed.message[i] ^ 1);
    EXPECT_FALSE(verify_tpm_quote(changed, *key_, {nonce_, {}})) << i;
  }
  for (std::size_t size = 0; size < evidence_.message.size(); ++size)
    EXPECT_FALSE(parse_tpm_quote(evidence_.message.substr(0, size)));
}

// --- NVIDIA

class NvidiaTest : public EvidenceTest {
 protected:
  void SetUp() override {
    EvidenceTest::SetUp();
    if (IsSkipped()) return;
    report_ = trust::from_hex(without_space(read("nvidia/hopperAttestationReport.txt"))).value();
  }
  static constexpr std::int64_t kDay = 1'735'000'000;
  std::string report_;
};

TEST_F(NvidiaTest, MeasurementsAreAsTheReferenceReadsThem) {
  const auto evidence = parse_nvidia_evidence(report_);
  ASSERT_TRUE(evidence) << evidence.error().message;
  const base::json::value claims =
      base::parse_json(read("nvidia/hopperAttestationReport-claims.txt")).value();
  const auto& expected = claims.at("measurements").get_object();
  EXPECT_EQ(evidence->measurements.size(), expected.size());
  for (const auto& [index, value] : evidence->measurements)
    EXPECT_EQ(trust::to_hex(value), expected.at(std::to_string(index)).get_string()) << index;
}

TEST_F(NvidiaTest, TheSignatureHoldsAndAnyChangedByteIsRefused) {
  const auto chain = Certificate::all_from_pem(read("nvidia/hopper_signing_cert.pem"));
  ASSERT_TRUE(chain) << chain.error().message;
  // The signing certificate stands for the chain here: it is trusted by itself.
  const NvidiaExpectation expectation{parse_nvidia_evidence(report_)->nonce, {}};
  const auto verified = verify_nvidia_evidence(report_, *chain, *chain, kDay, expectation);
  ASSERT_TRUE(verified) << verified.error().message;
  for (std::size_t i = 0; i < report_.size(); i += 11) {
    std::string changed = report_;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verify_nvidia_evidence(changed, *chain, *chain, kDay, expectation)) << i;
  }
  EXPECT_FALSE(verify_nvidia_evidence(report_, *chain, *chain, kDay, {std::string(32, 'x'), {}}));
  EXPECT_FALSE(verify_nvidia_evidence(report_, *chain, {}, kDay, expectation));
  NvidiaExpectation other = expectation;
  other.measurements[1] = "x";
  EXPECT_FALSE(verify_nvidia_evidence(report_, *chain, *chain, kDay, other));
}

TEST_F(NvidiaTest, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < report_.size(); size += 3)
    EXPECT_FALSE(parse_nvidia_evidence(report_.substr(0, size))) << size;
}

TEST_F(NvidiaTest, TheChainLeadsFromTheGpuToNvidiasRoot) {
  const auto chain = Certificate::all_from_pem(read("nvidia/hopper_cert_chain_case1.txt"));
  ASSERT_TRUE(chain) << chain.error().message;
  const auto root = Certificate::all_from_pem(read("nvidia/hopper_cert_chain_case2.txt"));
  ASSERT_TRUE(root) << root.error().message;
  const NvidiaExpectation expectation{parse_nvidia_evidence(report_)->nonce, {}};
  const auto verified = verify_nvidia_evidence(report_, *chain, *root, kDay, expectation);
  EXPECT_TRUE(verified) << verified.error().message;
  // A link left out; the root's own key in place of the GPU's.
  std::vector<Certificate> gap = *chain;
  gap.erase(gap.begin() + 2);
  EXPECT_FALSE(verify_nvidia_evidence(report_, gap, *root, kDay, expectation));
  EXPECT_FALSE(verify_nvidia_evidence(report_, *root, *root, kDay, expectation));
}

}  // namespace
}  // namespace nearside::attest
