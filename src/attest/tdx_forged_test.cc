// TDX quotes by a platform of our own: every signature holds, up to a root that the verifier
// trusts, so that what is refused is refused for what it says.
#include <functional>

#include <gtest/gtest.h>

#include "attest/tdx_quote.h"
#include "base/base64.h"
#include "trust/certificate_for_test.h"
#include "trust/encoding.h"
#include "trust/hash.h"

namespace nearside::attest {
namespace {

using trust::KeyKind;
using trust::PrivateKey;

constexpr std::int64_t kDay = 1'800'000'000;

std::string number(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

/// r and s of a DER signature, 32 bytes each.
std::string bare(const std::string& der) {
  std::string out;
  std::size_t at = 2;
  for (int i = 0; i < 2; ++i) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(der.at(at + 1)));
    std::string value = der.substr(at + 2, size);
    at += 2 + size;
    if (value.size() > 32) value.erase(0, value.size() - 32);
    out += std::string(32 - value.size(), '\0') + value;
  }
  return out;
}

std::string pem(const trust::Certificate& certificate) {
  std::string text = "-----BEGIN CERTIFICATE-----\n";
  const std::string digits = base::base64_encode(certificate.der());
  for (std::size_t at = 0; at < digits.size(); at += 64) text += digits.substr(at, 64) + "\n";
  return text + "-----END CERTIFICATE-----\n";
}

class TdxForged : public testing::Test {
 protected:
  /// Intel's quoting enclave, as its identity says.
  static std::string enclave_report() {
    std::string report(384, '\0');
    report[48] = 0x15;
    report.replace(
        128, 32,
        trust::from_hex("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5")
            .value());
    report[256] = 2;
    return report;
  }

  base::Result<TdxQuote> verify(const std::function<void(std::string& report)>& change,
                                const TdxExpectation& expectation = {}) {
    const PrivateKey attestation = PrivateKey::generate(KeyKind::kP256);
    const std::string der = attestation.public_key().der();
    const std::string point = der.substr(der.size() - 64);
    std::string report = enclave_report();
    report.replace(320, 32, trust::hash_bytes(trust::Hash::kSha256, point + "auth"));
    change(report);
    const std::string certificates = pem(platform_);
    const std::string inner = report + bare(platform_key_.sign(report)) + number(4, 2) + "auth" +
                              number(5, 2) + number(certificates.size(), 4) + certificates;
    const std::string signed_bytes = number(4, 2) + number(2, 2) + number(0x81, 4) +
                                     std::string(40, '\0') + std::string(584, '\0');
    const std::string signature = bare(attestation.sign(signed_bytes)) + point + number(6, 2) +
                                  number(inner.size(), 4) + inner;
    return verify_tdx_quote(signed_bytes + number(signature.size(), 4) + signature, {root_}, kDay,
                            expectation);
  }
  void expect_refused(const std::function<void(std::string& report)>& change,
                      std::string_view says) {
    const auto quote = verify(change);
    ASSERT_FALSE(quote) << says;
    EXPECT_EQ(quote.error().code, base::Code::kPermission);
    EXPECT_NE(quote.error().message.find(says), std::string::npos) << quote.error().message;
  }

  PrivateKey root_key_ = PrivateKey::generate(KeyKind::kP256);
  trust::Certificate root_ = trust::make_certificate({.common_name = "root", .authority = true},
                                                     root_key_.public_key(), nullptr, root_key_);
  PrivateKey platform_key_ = PrivateKey::generate(KeyKind::kP256);
  trust::Certificate platform_ = trust::make_certificate(
      {.common_name = "platform"}, platform_key_.public_key(), &root_, root_key_);
};

TEST_F(TdxForged, AQuoteOfIntelsEnclaveHolds) {
  const auto quote = verify([](std::string&) {});
  ASSERT_TRUE(quote) << quote.error().message;
}

TEST_F(TdxForged, AnEnclaveOfOnesOwnQuotesNothing) {
  expect_refused([](std::string& report) { report[130] ^= 1; }, "not Intel's");
  expect_refused([](std::string& report) { report[256] = 1; }, "not Intel's");
}

TEST_F(TdxForged, AnEnclaveThatCanBeDebuggedQuotesNothing) {
  expect_refused([](std::string& report) { report[48] |= 2; }, "debugged");
  expect_refused([](std::string& report) { report[16] = 1; }, "set up otherwise");
  expect_refused([](std::string& report) { report[55] = 1; }, "set up otherwise");
}

TEST_F(TdxForged, AnotherAttestationKeyThanTheEnclavesQuotesNothing) {
  expect_refused([](std::string& report) { report[325] ^= 1; }, "not the quoting enclave's");
}

}  // namespace
}  // namespace nearside::attest
