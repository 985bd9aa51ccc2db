// Any bytes as each message of a key release, and as the evidence in an exchange that is otherwise
// in order: nothing is released, and nothing crashes.
#include <array>
#include <cstdint>

#include "attest/key_release.h"
#include "trust/private_key.h"

using namespace nearside;

namespace {

/// Lets in whoever has a key or a root that nobody has.
attest::ReleasePolicy policy_for_nobody() {
  attest::ReleasePolicy policy;
  for (const char* kind : {"tpm", "snp", "tdx", "nvidia"}) {
    attest::MachineRule rule;
    rule.name = rule.kind = kind;
    rule.keys = {trust::PrivateKey::generate(trust::KeyKind::kP256).public_key()};
    policy.machines.push_back(std::move(rule));
  }
  return policy;
}

/// The first byte says the kind, the others are the evidence.
attest::Evidence evidence_of(std::string_view bytes) {
  constexpr std::array kKinds = {"tpm", "snp", "tdx", "nvidia"};
  if (bytes.empty()) return {};
  const auto kind = static_cast<unsigned char>(bytes.front()) % kKinds.size();
  return {kKinds.at(kind), std::string(bytes.substr(1))};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const base::SystemClock clock;
  static attest::KeyReleaser releaser(
      policy_for_nobody(), [](std::string_view) { return trust::SecretBytes::random(32); }, clock,
      {.waiting_max = 16});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(releaser.challenge(text));
  if (releaser.release(text)) __builtin_trap();
  attest::KeyRequest machine("plant@1");
  const auto attester = [&](std::string_view) { return evidence_of(text); };
  static_cast<void>(machine.attestation(text, attester));
  if (machine.open(text)) __builtin_trap();

  const auto challenge = releaser.challenge(machine.request());
  if (!challenge) __builtin_trap();
  const auto attestation = machine.attestation(*challenge, attester);
  if (!attestation) __builtin_trap();
  if (releaser.release(*attestation)) __builtin_trap();

  if (const auto evidence = attest::parse_evidence(text)) {
    const auto again = attest::parse_evidence(attest::to_json(*evidence));
    if (!again || again->bytes != evidence->bytes) __builtin_trap();
  }
  return 0;
}
