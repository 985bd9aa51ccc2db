// How fast sealed weights open: one core, from memory to memory.
#include <vector>

#include <benchmark/benchmark.h>

#include "trust/sealed_file.h"

using namespace nearside::trust;

namespace {

void decrypt_on_one_core(benchmark::State& state, Cipher cipher) {
  // Past the last cache, as weights are.
  std::vector<std::byte> plain(std::size_t{256} << 20, std::byte{42});
  const SecretBytes key = SecretBytes::random(kDataKeyBytes).value();
  std::vector<std::byte> file;
  file.reserve(plain.size() + (1U << 20));
  const auto id = seal(plain, key, {cipher, static_cast<std::uint32_t>(state.range(0))},
                       [&](std::span<const std::byte> piece) -> nearside::base::Status {
                         file.insert(file.end(), piece.begin(), piece.end());
                         return {};
                       });
  if (!id) state.SkipWithError("cannot seal");
  for (auto _ : state) {
    const auto container = SealedFile::open(file, key);
    if (!container || !container->decrypt(0, plain)) state.SkipWithError("cannot open");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(plain.size()));
}

}  // namespace

BENCHMARK_CAPTURE(decrypt_on_one_core, aes_256_gcm, Cipher::kAes256Gcm)
    ->Arg(64 << 10)
    ->Arg(1 << 20)
    ->Arg(4 << 20);
BENCHMARK_CAPTURE(decrypt_on_one_core, chacha20_poly1305, Cipher::kChaCha20Poly1305)->Arg(1 << 20);
