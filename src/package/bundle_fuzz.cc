// Any bytes as a signature file and as a signed statement.
#include <cstdint>

#include "package/bundle.h"
#include "package/manifest.h"

using namespace nearside;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bundle = package::parse_bundle(text)) {
    static_cast<void>(package::parse_statement(bundle->payload).has_value());
    static_cast<void>(package::deprecated_encoding(bundle->payload));
  }
  // What was read can be written and read again.
  if (const auto manifest = package::parse_statement(text))
    if (!manifest->model_name.empty() &&
        !package::parse_statement(package::encode_statement(*manifest)))
      __builtin_trap();
  return 0;
}
