// Secrets bound to a TPM, and what a thief, an old release or a changed machine gets of them.
// Against a real emulator (swtpm) over a unix socket.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "trust/key_envelope.h"
#include "trust/swtpm_for_test.h"
#include "trust/tpm_handle.h"
#include "trust/tpm_seal.h"

namespace nearside::trust {
namespace {

using base::Code;

constexpr std::uint32_t kCounter = 0x01500016;

class TpmTest : public testing::Test {
 protected:
  void SetUp() override {
    emulator_ = Swtpm::start();
    if (!emulator_) GTEST_SKIP() << "swtpm is not installed";
    open();
    const auto first = tpm_->create_counter(kCounter);
    ASSERT_TRUE(first) << first.error().message;
    first_ = *first;
  }

  void open() {
    tpm_.reset();
    auto tpm = Tpm::open(emulator_->tcti());
    ASSERT_TRUE(tpm) << tpm.error().message;
    tpm_.emplace(*std::move(tpm));
  }

  /// What the authority signs for a machine as it is now.
  TpmApproval approval(std::uint64_t counter_max) {
    TpmState state;
    state.pcrs = {0, 7, 16};
    state.pcr_digest = tpm_->pcr_digest(state.pcrs).value();
    state.counter_handle = kCounter;
    state.counter_max = counter_max;
    return approve(state, authority_).value();
  }

  base::Result<SecretBytes> unseal(const TpmApproval& with) {
    return tpm_unseal(*tpm_, sealed_, with, authority_.public_key());
  }

  void seal() {
    auto sealed = tpm_seal(*tpm_, secret_, authority_.public_key());
    ASSERT_TRUE(sealed) << sealed.error().message;
    sealed_ = *std::move(sealed);
  }

  void expect_refused(const base::Result<SecretBytes>& outcome) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::kPermission) << outcome.error().message;
  }

  std::unique_ptr<Swtpm> emulator_;
  std::optional<Tpm> tpm_;
  std::uint64_t first_ = 0;
  PrivateKey authority_ = PrivateKey::generate(KeyKind::kP256);
  SecretBytes secret_ = SecretBytes::random(32).value();
  TpmSealed sealed_;
};

TEST_F(TpmTest, GivesTheSecretBackInTheApprovedState) {
  seal();
  for (int i = 0; i < 8; ++i) {  // more often than a TPM has room for objects
    const auto opened = unseal(approval(first_));
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(std::ranges::equal(opened->bytes(), secret_.bytes()));
  }
}

TEST_F(TpmTest, RefusesAfterARegisterChanged) {
  seal();
  const TpmApproval before = approval(first_);
  ASSERT_TRUE(tpm_->extend_pcr(16, sha256("another kernel")));
  expect_refused(unseal(before));
}

TEST_F(TpmTest, ANewReleaseOpensWithoutSealingAnew) {
  seal();
  const TpmApproval old_release = approval(first_);
  ASSERT_TRUE(tpm_->extend_pcr(16, sha256("the new kernel")));
  const TpmApproval new_release = approval(first_ + 1);
  EXPECT_TRUE(unseal(new_release));
  expect_refused(unseal(old_release));
}

TEST_F(TpmTest, ARolledBackReleaseIsRefused) {
  seal();
  const TpmApproval old_release = approval(first_);
  const TpmApproval new_release = approval(first_ + 1);
  ASSERT_TRUE(unseal(old_release));
  ASSERT_TRUE(tpm_->increment_counter(kCounter));  // the new release has started once
  EXPECT_TRUE(unseal(new_release));
  expect_refused(unseal(old_release));
}

TEST_F(TpmTest, ARolledBackReleaseIsRefusedAfterARestartToo) {
  seal();
  const TpmApproval old_release = approval(first_);
  ASSERT_TRUE(tpm_->increment_counter(kCounter));
  tpm_.reset();
  emulator_->restart();
  open();
  expect_refused(unseal(old_release));
  EXPECT_TRUE(unseal(approval(first_ + 1)));
}

TEST_F(TpmTest, AnApprovalByAnotherAuthorityIsRefused) {
  seal();
  const PrivateKey impostor = PrivateKey::generate(KeyKind::kP256);
  TpmApproval forged = approval(first_);
  forged = approve(forged.state, impostor).value();
  expect_refused(unseal(forged));
  // Also when the impostor's key is offered as the authority's.
  expect_refused(tpm_unseal(*tpm_, sealed_, forged, impostor.public_key()));
}

TEST_F(TpmTest, AChangedApprovalIsRefused) {
  seal();
  TpmApproval approved = approval(first_);
  ASSERT_TRUE(tpm_->increment_counter(kCounter));
  approved.state.counter_max += 5;  // "still good for the next five releases"
  expect_refused(unseal(approved));
  approved = approval(first_ + 1);
  approved.state.pcrs = {16};
  approved.state.pcr_digest = tpm_->pcr_digest({16}).value();
  expect_refused(unseal(approved));
}

TEST_F(TpmTest, AnotherMachinesTpmIsRefused) {
  seal();
  const TpmApproval approved = approval(first_);
  const std::unique_ptr<Swtpm> stolen_to = Swtpm::start();
  auto other = Tpm::open(stolen_to->tcti());
  ASSERT_TRUE(other);
  ASSERT_TRUE(other->create_counter(kCounter));
  EXPECT_FALSE(tpm_unseal(*other, sealed_, approved, authority_.public_key()));
}

TEST_F(TpmTest, AChangedBlobIsRefused) {
  seal();
  const TpmApproval approved = approval(first_);
  const TpmSealed good = sealed_;
  for (std::size_t i = 0; i < good.private_area.size(); i += 7) {
    sealed_ = good;
    sealed_.private_area[i] = static_cast<char>(sealed_.private_area[i] ^ 1);
    EXPECT_FALSE(unseal(approved)) << "private byte " << i;
  }
  for (std::size_t i = 0; i < good.public_area.size(); i += 7) {
    sealed_ = good;
    sealed_.public_area[i] = static_cast<char>(sealed_.public_area[i] ^ 1);
    EXPECT_FALSE(unseal(approved)) << "public byte " << i;
  }
}

TEST_F(TpmTest, CountersNeverComeBackLower) {
  ASSERT_TRUE(tpm_->increment_counter(kCounter));
  ASSERT_TRUE(tpm_->increment_counter(kCounter));
  EXPECT_EQ(tpm_->read_counter(kCounter).value(), first_ + 2);
  EXPECT_EQ(tpm_->create_counter(kCounter).error().code, Code::kInvalidArgument);
  // Root takes the counter away and makes it anew, to open an old release's keys.
  {
    const TpmReference counter = open_counter(*tpm_, kCounter).value();
    ASSERT_EQ(Esys_NV_UndefineSpace(tpm_->esys(), ESYS_TR_RH_OWNER, counter.get(), ESYS_TR_PASSWORD,
                                    ESYS_TR_NONE, ESYS_TR_NONE),
              TSS2_RC_SUCCESS);
  }
  EXPECT_GT(tpm_->create_counter(kCounter).value(), first_ + 2);
}

TEST_F(TpmTest, ApprovalsSurviveJson) {
  const TpmApproval approved = approval(first_);
  const auto read = parse_approval(encode_approval(approved));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->state.pcrs, approved.state.pcrs);
  EXPECT_EQ(read->state.counter_max, approved.state.counter_max);
  EXPECT_EQ(read->signature, approved.signature);
}

TEST_F(TpmTest, AnEnvelopeOpensOnThisMachineOnly) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("nearside_tpm_envelope_" + std::to_string(::getpid()));
  const FileId id{9};
  const auto envelope = wrap_by_tpm(*tpm_, secret_, id, authority_.public_key(), approval(first_));
  ASSERT_TRUE(envelope) << envelope.error().message;
  std::ofstream(file) << *envelope;
  tpm_.reset();  // one connection at a time
  const KeySource source{file.string(), "", emulator_->tcti()};
  {
    const auto opened = open_envelope(source);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->file_id, id);
    EXPECT_TRUE(std::ranges::equal(opened->data_key.bytes(), secret_.bytes()));
  }
  const std::unique_ptr<Swtpm> other = Swtpm::start();
  EXPECT_FALSE(open_envelope({file.string(), "", other->tcti()}));
  EXPECT_FALSE(open_envelope({file.string(), "node.key", ""}));
  // A new release's approval is put into the envelope as it is; nothing is sealed anew.
  open();
  ASSERT_TRUE(tpm_->extend_pcr(16, sha256("the new kernel")));
  const TpmApproval next = approval(first_ + 1);
  tpm_.reset();
  EXPECT_EQ(open_envelope(source).error().code, Code::kPermission);
  const auto updated = with_approval(*envelope, next);
  ASSERT_TRUE(updated) << updated.error().message;
  std::ofstream(file) << *updated;
  EXPECT_TRUE(open_envelope(source));
  std::filesystem::remove(file);
}

TEST(Tpm, SaysWhenThereIsNone) {
  const auto tpm = Tpm::open("device:/nonexistent/tpm");
  ASSERT_FALSE(tpm);
  EXPECT_EQ(tpm.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace nearside::trust
