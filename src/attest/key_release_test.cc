// Keys for machines that have shown what they are, with real quotes of an (emulated) TPM, and every
// way in which somebody in the middle could try to get them.
#include "attest/key_release.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/json.h"
#include "trust/encoding.h"
#include "trust/private_key.h"
#include "trust/swtpm_for_test.h"
#include "trust/tpm_quote.h"

namespace nearside::attest {
namespace {

namespace json = base::json;
using base::Code;
using trust::SecretBytes;
using trust::Swtpm;
using trust::Tpm;

std::string quote_json(Tpm& tpm, std::string_view nonce) {
  const auto quoted = trust::tpm_quote(tpm, {0, 7, 16}, std::string(nonce)).value();
  json::array pcrs;
  for (const trust::Sha256& value : quoted.pcrs) pcrs.push_back(json::value(trust::to_hex(value)));
  return json::serialize(json::object{
      {"tpm_quote", json::object{{"message", base::base64_encode(quoted.message)},
                                 {"pcrs", pcrs},
                                 {"signature", base::base64_encode(quoted.signature)}}}});
}

class KeyReleaseTest : public testing::Test {
 protected:
  void SetUp() override {
    emulator_ = Swtpm::start();
    if (!emulator_) GTEST_SKIP() << "swtpm is not installed";
    tpm_.emplace(Tpm::open(emulator_->tcti()).value());
    MachineRule rule;
    rule.name = "press line";
    rule.kind = "tpm";
    rule.keys = {trust::tpm_attestation_key(*tpm_)->key};
    rule.pcrs[16] = tpm_->read_pcr(16).value();
    policy_.machines = {rule};
    releaser_.emplace(
        policy_,
        [this](std::string_view name) -> base::Result<SecretBytes> {
          ++asked_for_keys_;
          if (name != "plant@1") return base::fail(Code::kNotFound, "no key '{}'", name);
          return SecretBytes::copy_of(std::as_bytes(std::span(secret_)));
        },
        clock_);
  }
  KeyRequest::Attester attester(Tpm& tpm) {
    return [&tpm](std::string_view data) -> base::Result<Evidence> {
      return Evidence{"tpm", quote_json(tpm, data)};
    };
  }
  static std::string text(const SecretBytes& secret) {
    return {reinterpret_cast<const char*>(secret.bytes().data()), secret.bytes().size()};
  }
  template <typename Value>
  static std::string changed(const std::string& message, std::string_view member,
                             const Value& value) {
    json::object object = base::parse_json(message).value().as_object();
    object[member] = value;
    return json::serialize(object);
  }

  const std::string secret_ = std::string(32, 'k');
  int asked_for_keys_ = 0;
  std::unique_ptr<Swtpm> emulator_;
  std::optional<Tpm> tpm_;
  ReleasePolicy policy_;
  base::ManualClock clock_{base::WallTime{std::chrono::seconds(1'750'000'000)}};
  std::optional<KeyReleaser> releaser_;
};

TEST_F(KeyReleaseTest, AnAttestedMachineGetsItsKey) {
  KeyRequest machine("plant@1");
  const auto challenge = releaser_->challenge(machine.request());
  ASSERT_TRUE(challenge) << challenge.error().message;
  const auto attestation = machine.attestation(*challenge, attester(*tpm_));
  ASSERT_TRUE(attestation) << attestation.error().message;
  const auto released = releaser_->release(*attestation);
  ASSERT_TRUE(released) << released.error().message;
  EXPECT_EQ(released->admitted.rule, "press line");
  EXPECT_EQ(released->key_name, "plant@1");
  EXPECT_EQ(released->response.find(base::base64_encode(secret_)), std::string::npos);
  const auto opened = machine.open(released->response);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(text(*opened), secret_);
}

TEST_F(KeyReleaseTest, AnotherStateOrAnotherTpmGetsNothingAndTheKeyIsNotEvenLookedUp) {
  const std::unique_ptr<Swtpm> other = Swtpm::start();
  Tpm other_tpm = Tpm::open(other->tcti()).value();
  KeyRequest thief("plant@1");
  auto attestation =
      thief.attestation(releaser_->challenge(thief.request()).value(), attester(other_tpm));
  EXPECT_EQ(releaser_->release(*attestation).error().code, Code::kPermission);
  ASSERT_TRUE(tpm_->extend_pcr(16, trust::sha256("rootkit")));
  attestation = thief.attestation(releaser_->challenge(thief.request()).value(), attester(*tpm_));
  EXPECT_EQ(releaser_->release(*attestation).error().code, Code::kPermission);
  EXPECT_EQ(asked_for_keys_, 0);
}

TEST_F(KeyReleaseTest, NobodyInTheMiddleGetsTheKeyWithAnEphemeralKeyOfTheirOwn) {
  KeyRequest machine("plant@1");
  const std::string attestation =
      machine.attestation(releaser_->challenge(machine.request()).value(), attester(*tpm_)).value();
  const trust::EphemeralKey own = trust::EphemeralKey::generate();
  const auto released = releaser_->release(
      changed(attestation, "ephemeral", base::base64_encode(own.public_bytes())));
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().code, Code::kPermission);
}

TEST_F(KeyReleaseTest, NothingIsGoodASecondTimeOrTooLate) {
  KeyRequest machine("plant@1");
  const std::string attestation =
      machine.attestation(releaser_->challenge(machine.request()).value(), attester(*tpm_)).value();
  ASSERT_TRUE(releaser_->release(attestation));
  EXPECT_EQ(releaser_->release(attestation).error().code, Code::kPermission);

  const std::string late =
      machine.attestation(releaser_->challenge(machine.request()).value(), attester(*tpm_)).value();
  clock_.advance(std::chrono::seconds(61));
  EXPECT_NE(releaser_->release(late).error().message.find("too late"), std::string::npos);
  // A wrong answer uses the challenge up too: there are no further guesses.
  const std::string right =
      machine.attestation(releaser_->challenge(machine.request()).value(), attester(*tpm_)).value();
  EXPECT_FALSE(releaser_->release(changed(right, "evidence", "{}")));
  EXPECT_FALSE(releaser_->release(right));
}

TEST_F(KeyReleaseTest, EvidenceForOneKeyGivesNoOther) {
  KeyRequest machine("plant@1");
  const std::string challenge = releaser_->challenge(machine.request()).value();
  // The machine was asked for another key than it wants.
  EXPECT_FALSE(machine.attestation(changed(challenge, "key", "payroll@1"), attester(*tpm_)));
  // The releaser was asked for one key, the evidence is for another.
  const std::string asked = changed(machine.request(), "key", "payroll@1");
  const std::string swapped = changed(releaser_->challenge(asked).value(), "key", "plant@1");
  const auto attestation = machine.attestation(swapped, attester(*tpm_));
  ASSERT_TRUE(attestation);
  EXPECT_EQ(releaser_->release(*attestation).error().code, Code::kPermission);
}

TEST_F(KeyReleaseTest, AResponseOpensForItsExchangeOnly) {
  KeyRequest machine("plant@1");
  const std::string attestation =
      machine.attestation(releaser_->challenge(machine.request()).value(), attester(*tpm_)).value();
  const std::string response = releaser_->release(attestation)->response;
  KeyRequest other("plant@1");
  EXPECT_FALSE(other.open(response));
  const trust::EphemeralKey own = trust::EphemeralKey::generate();
  EXPECT_FALSE(
      machine.open(changed(response, "ephemeral", base::base64_encode(own.public_bytes()))));
  EXPECT_FALSE(
      machine.open(changed(response, "wrapped", base::base64_encode(std::string(60, 'x')))));
  EXPECT_FALSE(machine.open(
      changed(response, "ephemeral", base::base64_encode(std::string(32, '\0')))));  // low order
  EXPECT_TRUE(machine.open(response));
}

TEST_F(KeyReleaseTest, AMissingKeyIsToldToWhoWasLetInOnly) {
  KeyRequest machine("unknown@1");
  const auto attestation =
      machine.attestation(releaser_->challenge(machine.request()).value(), attester(*tpm_));
  EXPECT_EQ(releaser_->release(*attestation).error().code, Code::kNotFound);
}

TEST_F(KeyReleaseTest, WaitingChallengesAreBounded) {
  KeyReleaser small(policy_, [](std::string_view) { return SecretBytes::random(32); }, clock_,
                    {.waiting_max = 2});
  KeyRequest machine("plant@1");
  const std::string first = small.challenge(machine.request()).value();
  clock_.advance(std::chrono::seconds(1));
  const std::string second = small.challenge(machine.request()).value();
  clock_.advance(std::chrono::seconds(1));
  small.challenge(machine.request()).value();
  EXPECT_FALSE(small.release(machine.attestation(first, attester(*tpm_)).value()));
  EXPECT_TRUE(small.release(machine.attestation(second, attester(*tpm_)).value()));
}

TEST_F(KeyReleaseTest, HostileMessagesAreErrors) {
  KeyRequest machine("plant@1");
  const std::string challenge = releaser_->challenge(machine.request()).value();
  const std::string good = machine.attestation(challenge, attester(*tpm_)).value();
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{}"), machine.request(),
        changed(good, "nonce", 7), changed(good, "evidence", nullptr),
        changed(good, "ephemeral", "short"), good.substr(0, good.size() / 2),
        std::string(kReleaseMessageBytesMax + 1, ' ')}) {
    EXPECT_FALSE(releaser_->release(bad));
    EXPECT_FALSE(releaser_->challenge(bad == machine.request() ? "{}" : bad));
    EXPECT_FALSE(machine.open(bad));
  }
}

// --- the policy's file

class ReleasePolicyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("nearside_release_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    write("ak.pem", trust::PrivateKey::generate(trust::KeyKind::kP256).public_key().pem());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  base::Result<ReleasePolicy> load(const std::string& text) {
    write("release.yaml", text);
    return load_release_policy((folder_ / "release.yaml").string());
  }
  std::filesystem::path folder_;
};

TEST_F(ReleasePolicyFileTest, IsRead) {
  const auto policy = load("machines:\n  - {name: press, kind: tpm, keys: [ak.pem], pcrs: {7: " +
                           std::string(64, 'a') + "}}\n");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->machines[0].keys.size(), 1U);
  EXPECT_EQ(policy->machines[0].pcrs.at(7)[0], 0xAA);
}

TEST_F(ReleasePolicyFileTest, WhatWouldLetAnyMachineInIsRefusedWithItsLine) {
  const std::string pcr = std::string(64, 'a');
  const std::pair<std::string, const char*> wrong[] = {
      {"", "lets no machine in"},
      {"machines: []", "lets no machine in"},
      {"machines:\n  - {name: a, kind: tpm, keys: [ak.pem]}",
       "release.yaml:2: machines[0] wants pcrs"},
      {"machines:\n  - {name: a, kind: tpm, pcrs: {7: " + pcr + "}}", "wants keys"},
      {"machines:\n  - {name: a, kind: tpm, keys: [missing.pem], pcrs: {7: " + pcr + "}}",
       "missing.pem"},
      {"machines:\n  - {name: a, kind: tpm, keys: [ak.pem], pcrs: {24: " + pcr + "}}", "up to 23"},
      {"machines:\n  - {name: a, kind: tpm, keys: [ak.pem], pcrs: {7: ab}}", "64 hexadecimal"},
      {"machines:\n  - {name: a, kind: snp, roots: [ak.pem]}", "wants measurements"},
      {"machines:\n  - {name: a, kind: snp, measurements: [ab]}", "96 hexadecimal"},
      {"machines:\n  - {name: a, kind: snp, signers: [ab]}", "96 hexadecimal"},
      {"machines:\n  - {name: a, kind: tdx, tcb_min: {snp: 3}}", "32 hexadecimal"},
      {"machines:\n  - {name: a, kind: tdx, signers: [ab]}", "signers"},
      {"machines:\n  - {name: a, kind: sgx}", "tpm, snp, tdx or nvidia"},
      {"machines:\n  - {name: a, kind: tpm, keyz: [ak.pem]}", "keyz"},
  };
  for (const auto& [text, says] : wrong) {
    const auto policy = load(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_NE(policy.error().message.find(says), std::string::npos) << policy.error().message;
  }
}

}  // namespace
}  // namespace nearside::attest
