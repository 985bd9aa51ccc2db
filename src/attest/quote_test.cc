// A node's quotes, from its (emulated) TPM to the verifier; and that the key is really a TPM's.
#include <algorithm>

#include <gtest/gtest.h>

#include "attest/tpm_quote.h"
#include "trust/swtpm_for_test.h"
#include "trust/tpm_quote.h"

namespace nearside::attest {
namespace {

using trust::SecretBytes;
using trust::Swtpm;
using trust::Tpm;

class QuoteTest : public testing::Test {
 protected:
  void SetUp() override {
    emulator_ = Swtpm::start();
    if (!emulator_) GTEST_SKIP() << "swtpm is not installed";
    tpm_.emplace(Tpm::open(emulator_->tcti()).value());
  }

  TpmEvidence quote(const std::string& nonce) {
    const auto quoted = trust::tpm_quote(*tpm_, {0, 7, 16}, nonce);
    EXPECT_TRUE(quoted) << quoted.error().message;
    TpmEvidence evidence{quoted->message, quoted->signature, {}};
    for (const trust::Sha256& value : quoted->pcrs) evidence.pcrs.push_back(value);
    return evidence;
  }

  std::unique_ptr<Swtpm> emulator_;
  std::optional<Tpm> tpm_;
};

TEST_F(QuoteTest, ANodesQuoteHolds) {
  const auto key = trust::tpm_attestation_key(*tpm_);
  ASSERT_TRUE(key) << key.error().message;
  ASSERT_TRUE(tpm_->extend_pcr(16, trust::sha256("nearside")));
  const auto verified = verify_tpm_quote(quote("nonce"), key->key, {"nonce", {}});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->pcrs, (std::vector<unsigned>{0, 7, 16}));
  const Pcr value = tpm_->read_pcr(16).value();
  EXPECT_TRUE(verify_tpm_quote(quote("nonce"), key->key, {"nonce", {{16, value}}}));
}

TEST_F(QuoteTest, AnOldQuoteAnotherStateAndAnotherTpmAreRefused) {
  const auto key = trust::tpm_attestation_key(*tpm_);
  const TpmEvidence old = quote("yesterday");
  EXPECT_FALSE(verify_tpm_quote(old, key->key, {"today", {}}));
  const Pcr before = tpm_->read_pcr(16).value();
  ASSERT_TRUE(tpm_->extend_pcr(16, trust::sha256("rootkit")));
  EXPECT_FALSE(verify_tpm_quote(quote("n"), key->key, {"n", {{16, before}}}));
  EXPECT_FALSE(verify_tpm_quote(quote("n"), key->key, {"n", {{3, before}}}));  // not quoted
  const std::unique_ptr<Swtpm> other = Swtpm::start();
  const Tpm other_tpm = Tpm::open(other->tcti()).value();
  EXPECT_FALSE(verify_tpm_quote(quote("n"), trust::tpm_attestation_key(other_tpm)->key, {"n", {}}));
}

TEST_F(QuoteTest, CredentialActivationProvesThatTheKeyIsInTheEndorsedTpm) {
  const auto key = trust::tpm_attestation_key(*tpm_);
  const auto endorsement = trust::tpm_endorsement_key(*tpm_);
  ASSERT_TRUE(endorsement) << endorsement.error().message;
  const SecretBytes secret = SecretBytes::random(32).value();
  // The verifier has a TPM of its own to compute with; any will do.
  const std::unique_ptr<Swtpm> verifier = Swtpm::start();
  const Tpm verifier_tpm = Tpm::open(verifier->tcti()).value();
  const auto credential = trust::tpm_make_credential(verifier_tpm, *endorsement, key->name, secret);
  ASSERT_TRUE(credential) << credential.error().message;
  const auto activated = trust::tpm_activate_credential(*tpm_, *credential);
  ASSERT_TRUE(activated) << activated.error().message;
  EXPECT_TRUE(std::ranges::equal(activated->bytes(), secret.bytes()));

  // Another TPM does not open it, nor does the right TPM for a key that it does not have.
  EXPECT_FALSE(trust::tpm_activate_credential(verifier_tpm, *credential));
  const auto foreign = trust::tpm_make_credential(
      verifier_tpm, *endorsement, trust::tpm_attestation_key(verifier_tpm)->name, secret);
  ASSERT_TRUE(foreign);
  EXPECT_EQ(trust::tpm_activate_credential(*tpm_, *foreign).error().code, base::Code::kPermission);
}

}  // namespace
}  // namespace nearside::attest
