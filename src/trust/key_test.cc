// Encoding, keys and certificates.
#include <gtest/gtest.h>

#include "base/base64.h"
#include "trust/certificate.h"
#include "trust/certificate_for_test.h"
#include "trust/encoding.h"
#include "trust/private_key.h"

namespace nearside::trust {
namespace {

using namespace std::string_literals;

TEST(Encoding, GivesBackEveryLength) {
  std::string bytes;
  for (int i = 0; i < 260; ++i) {
    EXPECT_EQ(from_strict_base64(base::base64_encode(bytes)).value(), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)).value(), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Encoding, RefusesASecondSpellingOfTheSameBytes) {
  EXPECT_EQ(from_strict_base64("QQ==").value(), "A");
  for (const char* other : {"QR==", "QQ", "QQ=", "QQ==\n", " QQ==", "Q===", "=QQ=", "QQ==QQ=="})
    EXPECT_FALSE(from_strict_base64(other).has_value()) << other;
  EXPECT_FALSE(from_hex("0").has_value());
  EXPECT_FALSE(from_hex("0g").has_value());
}

class SigningTest : public testing::TestWithParam<KeyKind> {};

TEST_P(SigningTest, HoldsForTheSignedBytesOnly) {
  const PrivateKey key = PrivateKey::generate(GetParam());
  const Scheme scheme = signature_scheme(GetParam());
  const Hash hash = matching_hash(GetParam());
  const std::string signature = key.sign("weights");
  EXPECT_TRUE(key.public_key().verify("weights", signature, scheme, hash));
  EXPECT_FALSE(key.public_key().verify("weighty", signature, scheme, hash));
  EXPECT_FALSE(
      PrivateKey::generate(GetParam()).public_key().verify("weights", signature, scheme, hash));
  std::string flipped = signature;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  EXPECT_FALSE(key.public_key().verify("weights", flipped, scheme, hash));
  EXPECT_FALSE(key.public_key().verify("weights", "", scheme, hash));
}

TEST_P(SigningTest, KeysSurvivePem) {
  const PrivateKey key = PrivateKey::generate(GetParam());
  const auto read = PrivateKey::from_pem(key.pem());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->public_key().same_as(key.public_key()));
  EXPECT_TRUE(PublicKey::from_pem(key.public_key().pem())->same_as(key.public_key()));
}

INSTANTIATE_TEST_SUITE_P(Kinds, SigningTest,
                         testing::Values(KeyKind::kP256, KeyKind::kP384, KeyKind::kP521,
                                         KeyKind::kEd25519));

TEST(PublicKey, RefusesACurveThatNobodyAskedFor) {
  // openssl ecparam -name secp256k1 -genkey -noout | openssl ec -pubout
  const auto key = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeb5mfvncu6xVoGKVzocLBwKb/NstzijZ\n"
      "WfKBWxb4F5hIOtp3JqPEZV2k+/wOEQio/Re0SKaFVBmcR9CP+xDUuA==\n"
      "-----END PUBLIC KEY-----\n");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, base::Code::kUnsupported) << key.error().message;
}

TEST(PublicKey, RefusesAPointOffTheCurve) {
  EXPECT_FALSE(PublicKey::from_point(KeyKind::kP256, std::string(32, 1), std::string(32, 2)));
}

class ChainTest : public testing::Test {
 protected:
  PrivateKey root_key_ = PrivateKey::generate(KeyKind::kP384);
  PrivateKey middle_key_ = PrivateKey::generate(KeyKind::kP256);
  PrivateKey leaf_key_ = PrivateKey::generate(KeyKind::kP256);
  Certificate root_ = make_certificate({.common_name = "root", .authority = true},
                                       root_key_.public_key(), nullptr, root_key_);
  Certificate middle_ = make_certificate({.common_name = "middle", .authority = true},
                                         middle_key_.public_key(), &root_, root_key_);
  Certificate leaf_ =
      make_certificate({.common_name = "leaf"}, leaf_key_.public_key(), &middle_, middle_key_);
  std::vector<Certificate> roots_{root_};
  std::vector<Certificate> middles_{middle_};
};

TEST_F(ChainTest, FollowsFromTheRoot) {
  EXPECT_TRUE(verify_chain({leaf_, middles_, roots_, 1'800'000'000}));
  EXPECT_TRUE(leaf_.may_sign());
  EXPECT_EQ(leaf_.subject(), "CN=leaf");
}

TEST_F(ChainTest, EndsWhereALinkIsMissing) {
  EXPECT_FALSE(verify_chain({leaf_, {}, roots_, 1'800'000'000}));
  EXPECT_FALSE(verify_chain({leaf_, middles_, {}, 1'800'000'000}));
}

TEST_F(ChainTest, EndsOutsideTheDaysOfItsCertificates) {
  EXPECT_FALSE(verify_chain({leaf_, middles_, roots_, 1'600'000'000}));
  EXPECT_FALSE(verify_chain({leaf_, middles_, roots_, 2'100'000'000}));
}

TEST_F(ChainTest, ALeafIsNoAuthority) {
  const PrivateKey key = PrivateKey::generate(KeyKind::kP256);
  const std::vector<Certificate> offered{leaf_, middle_};
  const Certificate forged =
      make_certificate({.common_name = "forged"}, key.public_key(), &leaf_, leaf_key_);
  EXPECT_FALSE(verify_chain({forged, offered, roots_, 1'800'000'000}));
}

TEST_F(ChainTest, ANameAloneIsNoAuthority) {
  const PrivateKey impostor = PrivateKey::generate(KeyKind::kP384);
  const Certificate forged =
      make_certificate({.common_name = "leaf"}, leaf_key_.public_key(), &root_, impostor);
  EXPECT_FALSE(verify_chain({forged, {}, roots_, 1'800'000'000}));
}

TEST(Certificate, RefusesWhatIsNone) {
  EXPECT_FALSE(Certificate::from_der(""));
  EXPECT_FALSE(Certificate::from_der("\x30\x03\x02\x01\x01"s));
  EXPECT_FALSE(Certificate::all_from_pem("no certificate"));
}

}  // namespace
}  // namespace nearside::trust
