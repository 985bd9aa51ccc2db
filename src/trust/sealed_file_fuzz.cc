// Any bytes as a sealed file, under a key that sealed none of them; and with the commitment made
// to fit, so that a header of any content comes as far as the chunks.
#include <cstdint>
#include <cstring>
#include <vector>

#include "trust/key_derivation.h"
#include "trust/sealed_file.h"

using namespace nearside::trust;

namespace {

void open(std::span<const std::byte> file, const SecretBytes& key) {
  const auto container = SealedFile::open(file, key);
  if (!container) return;
  // A seed sealed with the key of zeros opens; a change of any byte must not go unnoticed, which
  // the unit tests show. Here: no crash, no access past the end.
  std::vector<std::byte> plain(container->header().plain_bytes);
  static_cast<void>(container->decrypt(0, plain).has_value());
}

/// What whoever has the key would write there. docs/formats/sealed.md has the layout.
void commit(std::span<std::byte> file, const SealedHeader& header, const SecretBytes& key) {
  const auto both = derive_key(key, std::as_bytes(std::span(header.salt)), "nearside sealed file 1",
                               file.first(96), 64);
  std::memcpy(file.data() + 96, both->bytes().data() + 32, 32);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SecretBytes kKey = SecretBytes::create(kDataKeyBytes).value();
  const auto file = std::as_bytes(std::span(data, size));
  const auto header = read_sealed_header(file);
  if (!header) return 0;
  if (header->sealed_bytes() != size) __builtin_trap();
  open(file, kKey);
  std::vector<std::byte> committed(file.begin(), file.end());
  commit(committed, *header, kKey);
  open(committed, kKey);
  return 0;
}
