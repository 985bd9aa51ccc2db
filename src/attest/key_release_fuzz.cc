// Any bytes as each message of a key release: nothing is released, and nothing crashes.
#include <cstdint>

#include "attest/key_release.h"

using namespace nearside;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const base::SystemClock clock;
  static attest::KeyReleaser releaser(
      {}, [](std::string_view) { return trust::SecretBytes::random(32); }, clock,
      {.waiting_max = 16});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(releaser.challenge(text));
  if (releaser.release(text)) __builtin_trap();
  attest::KeyRequest machine("plant@1");
  static_cast<void>(machine.attestation(text, [](std::string_view) {
    return attest::Evidence{"tpm", "{}"};
  }));
  if (machine.open(text)) __builtin_trap();
  if (const auto evidence = attest::parse_evidence(text)) {
    const auto again = attest::parse_evidence(attest::to_json(*evidence));
    if (!again || again->bytes != evidence->bytes) __builtin_trap();
  }
  return 0;
}
