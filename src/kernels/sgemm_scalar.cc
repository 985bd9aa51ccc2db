#include "kernels/sgemm_tiles.h"

namespace nearside::kernels {
namespace {

constexpr std::size_t kRows = 4;
constexpr std::size_t kColumns = 16;

void tile(std::size_t depth, const float* a, const float* b, float* c, std::size_t c_stride,
          bool accumulate) {
  float sums[kRows][kColumns] = {};
  for (std::size_t p = 0; p < depth; ++p, a += kRows, b += kColumns)
    for (std::size_t i = 0; i < kRows; ++i)
      for (std::size_t j = 0; j < kColumns; ++j) sums[i][j] += a[i] * b[j];
  for (std::size_t i = 0; i < kRows; ++i)
    for (std::size_t j = 0; j < kColumns; ++j) {
      float& to = c[i * c_stride + j];
      to = sums[i][j] + (accumulate ? to : 0.0F);
    }
}

}  // namespace

const SgemmKernel& sgemm_scalar() {
  static const SgemmKernel kernel{"scalar", kRows, kColumns, &tile};
  return kernel;
}

}  // namespace nearside::kernels
