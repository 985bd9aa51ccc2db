// Any bytes as a sealed file, under a key that sealed none of them.
#include <cstdint>
#include <vector>

#include "trust/sealed_file.h"

using namespace nearside::trust;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SecretBytes kKey = SecretBytes::create(kDataKeyBytes).value();
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  const auto header = read_sealed_header(file);
  if (header && header->sealed_bytes() != size) __builtin_trap();
  if (const auto container = SealedFile::open(file, kKey)) {
    // A seed sealed with the key of zeros opens; a change of any byte must not go unnoticed, which
    // the unit tests show. Here: no crash, no access past the end.
    std::vector<std::byte> plain(container->header().plain_bytes);
    static_cast<void>(container->decrypt(plain, 1).has_value());
  }
  return 0;
}
