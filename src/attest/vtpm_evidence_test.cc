// A confidential machine's virtual TPM: its key is bound by the processor's report, and signs the
// machine's registers. Real evidence, the two halves put together from what this room has.
#include <algorithm>
#include <filesystem>
#include <optional>

#include <gtest/gtest.h>

#include "attest/snp_report.h"
#include "attest/tpm_quote.h"
#include "base/file.h"
#include "base/json.h"
#include "trust/encoding.h"
#include "trust/sha256.h"

namespace nearside::attest {
namespace {

namespace fs = std::filesystem;
using trust::Certificate;

const fs::path kData = "../shared/data/attestation-evidence";
constexpr std::int64_t kDay = 1'735'000'000;  // December 2024

std::string read(const char* path) { return base::read_file((kData / path).string()).value(); }

// Where the parts of the hypervisor's report are.
constexpr std::size_t kReportAt = 32;
constexpr std::size_t kReportBytes = 1184;
constexpr std::size_t kRuntimeDataAt = 1236;  // JSON, its length before it

std::string base64_of_url(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string bytes_of_url(const std::string& text) {
  return trust::from_strict_base64(base64_of_url(text)).value();
}

std::string der(char tag, const std::string& content) {
  const auto size = content.size();
  std::string out(1, tag);
  if (size > 255) out += {'\x82', static_cast<char>(size >> 8)};
  return out + static_cast<char>(size & 255) + content;
}

/// The RSA key of 2048 bits that the report calls the TPM's attestation key.
trust::PublicKey attestation_key(const std::string& runtime_data) {
  const base::json::value document = base::parse_json(runtime_data).value();
  const auto& key = document.at("keys").at(0);
  EXPECT_EQ(key.at("kid").as_string(), "HCLAkPub");
  const std::string modulus = bytes_of_url(std::string(key.at("n").as_string()));
  const std::string exponent = bytes_of_url(std::string(key.at("e").as_string()));
  const std::string zero(1, '\0');
  const std::string numbers = der(0x30, der(0x02, zero + modulus) + der(0x02, exponent));
  const std::string rsa = trust::from_hex("300d06092a864886f70d0101010500").value();
  return trust::PublicKey::from_der(der(0x30, rsa + der(0x03, zero + numbers))).value();
}

class VtpmTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kData)) GTEST_SKIP() << kData << " is absent";
    hypervisor_ = read("az-snp-vtpm/hcl-report.bin");
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(hypervisor_.at(i)); };
    runtime_ =
        hypervisor_.substr(kRuntimeDataAt, at(kRuntimeDataAt - 4) + 256U * at(kRuntimeDataAt - 3));
    const std::string text = read("az-snp-vtpm/tpm-quote-v1.json");
    const base::json::value quote = base::parse_json(text).value();
    quote_.message = trust::from_hex(quote.at("message").as_string()).value();
    quote_.signature = trust::from_hex(quote.at("signature").as_string()).value();
    for (const auto& item : quote.at("pcrs").as_array()) {
      const std::string bytes = trust::from_hex(item.as_string()).value();
      std::copy(bytes.begin(), bytes.end(), quote_.pcrs.emplace_back().begin());
    }
  }

  static SnpCertificates certificates() {
    const auto chip = Certificate::all_from_pem(read("az-snp-vtpm/vcek.pem")).value();
    const auto makers =
        Certificate::all_from_pem(read("snp/trustee/milan_ask_ark_asvk.pem")).value();
    SnpCertificates all{chip.front(), {}, {}, kDay};
    for (const Certificate& one : makers)
      (one.subject().find("CN=ARK") != std::string::npos ? all.roots : all.intermediates)
          .push_back(one);
    return all;
  }
  /// The processor's word that it is this runtime data that belongs to the machine.
  static bool bound(const std::string& hypervisor, const std::string& runtime) {
    const trust::Sha256 hash = trust::sha256(runtime);
    return verify_snp_report(hypervisor.substr(kReportAt, kReportBytes), certificates(),
                             {.report_data = {hash.begin(), hash.end()}})
        .has_value();
  }

  std::string hypervisor_, runtime_;
  TpmEvidence quote_;
};

TEST_F(VtpmTest, TheProcessorBindsTheTpmAndTheTpmItsRegisters) {
  EXPECT_TRUE(bound(hypervisor_, runtime_));
  const std::string nonce = parse_tpm_quote(quote_.message)->nonce;
  const auto quote = verify_tpm_quote(quote_, attestation_key(runtime_),
                                      {nonce, {{0, quote_.pcrs[0]}, {7, quote_.pcrs[7]}}});
  EXPECT_TRUE(quote) << quote.error().message;
}

TEST_F(VtpmTest, AnotherKeyInTheReportAnotherQuoteAndAnotherReportAreRefused) {
  std::string other = runtime_;
  other[other.find("\"n\":\"") + 8] ^= 1;
  EXPECT_FALSE(bound(hypervisor_, other));
  for (std::size_t i = kReportAt; i < kReportAt + 0x2A0; i += 7) {
    std::string changed = hypervisor_;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(bound(changed, runtime_)) << i;
  }
  // A quote by another machine's key.
  TpmEvidence foreign = quote_;
  foreign.message = read("az-snp-vtpm/tpm-quote.msg");
  foreign.signature = read("az-snp-vtpm/tpm-quote.sig");
  const std::string nonce = parse_tpm_quote(foreign.message)->nonce;
  EXPECT_FALSE(verify_tpm_quote(foreign, attestation_key(runtime_), {nonce, {}}));
  EXPECT_FALSE(verify_tpm_quote(quote_, attestation_key(runtime_), {nonce + "!", {}}));
}

}  // namespace
}  // namespace nearside::attest
