// Any bytes as a signature file and as a signed statement.
#include <cstdint>

#include "package/bundle.h"
#include "package/manifest.h"
#include "package/verify.h"
#include "trust/private_key.h"

using namespace nearside;

namespace {

/// Nobody's signature holds for a key drawn a moment ago; for the authorities that the file itself
/// brings along it may.
void verify(const package::Bundle& bundle) {
  static const std::vector<package::Signer> kNobody = {
      {"nobody", trust::PrivateKey::generate(trust::KeyKind::kP256).public_key(), {}, ""}};
  if (package::verify_signature(bundle, kNobody)) __builtin_trap();
  const std::vector<package::Signer> itself = {{"itself", {}, bundle.certificates, ""}};
  static_cast<void>(package::verify_signature(bundle, itself).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bundle = package::parse_bundle(text)) {
    static_cast<void>(package::parse_statement(bundle->payload).has_value());
    static_cast<void>(package::deprecated_encoding(bundle->payload));
    verify(*bundle);
    if (bundle->method != package::Method::kSigstore) {
      const auto again = package::parse_bundle(package::encode_bundle(*bundle));
      if (!again || again->payload != bundle->payload) __builtin_trap();
    }
  }
  // What was read can be written and read again.
  if (const auto manifest = package::parse_statement(text))
    if (!manifest->model_name.empty() &&
        !package::parse_statement(package::encode_statement(*manifest)))
      __builtin_trap();
  return 0;
}
