#include <cstring>

#include "kernels/peak_loops.h"

namespace nearside::kernels {

namespace {

constexpr std::size_t kChains = 8;  // enough to hide the latency of an addition

template <typename Number>
double multiply_add(std::uint64_t rounds) {
  // Read through volatile: the compiler must not know that the values never change.
  volatile Number source = 1;
  const Number factor = source;
  Number sums[kChains] = {};
  for (std::uint64_t i = 0; i < rounds; ++i)
    for (Number& sum : sums) sum = static_cast<Number>(sum * factor + factor);
  for (const Number sum : sums) source = sum;
  return static_cast<double>(rounds * kChains * 2);
}

std::uint64_t read(const std::byte* data, std::size_t bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, data + i, 8);
    sum += word;
  }
  return sum;
}

}  // namespace

PeakLoops scalar_peak_loops() { return {multiply_add<std::uint32_t>, multiply_add<float>, read}; }

}  // namespace nearside::kernels
