#include "kernels/sgemm.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::kernels {
namespace {

std::vector<float> random_floats(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> out(count);
  for (float& value : out) value = normal(random);
  return out;
}

struct Case {
  std::size_t m, n, k;
  bool a_transposed, b_transposed, accumulate;
};

// The plain sum in double, and the bound on what f32 may differ from it: each of k additions rounds
// by at most 2^-24 of the sum of magnitudes.
void expect_product(const SgemmKernel& kernel, const Case& c, double input_error = 0) {
  SCOPED_TRACE(testing::Message() << kernel.name << " " << c.m << "x" << c.n << "x" << c.k << " "
                                  << c.a_transposed << c.b_transposed << c.accumulate);
  const auto a = random_floats(c.m * c.k, 1);
  const auto b = random_floats(c.k * c.n, 2);
  const std::size_t stride = c.n + 3;
  const auto before = random_floats(c.m * stride, 3);
  auto out = before;
  const Strided av = c.a_transposed ? Strided{a.data(), 1, c.m} : Strided{a.data(), c.k, 1};
  const Strided bv = c.b_transposed ? Strided{b.data(), 1, c.k} : Strided{b.data(), c.n, 1};
  Sgemm sgemm(kernel);
  sgemm.multiply(c.m, c.n, c.k, av, bv, out.data(), stride, c.accumulate);
  for (std::size_t i = 0; i < c.m; ++i) {
    for (std::size_t j = 0; j < c.n; ++j) {
      double sum = c.accumulate ? double{before[i * stride + j]} : 0;
      double magnitude = std::abs(sum);
      for (std::size_t p = 0; p < c.k; ++p) {
        const double term = double{av.data[i * av.row_stride + p * av.column_stride]} *
                            double{bv.data[p * bv.row_stride + j * bv.column_stride]};
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_NEAR(out[i * stride + j], sum,
                  magnitude * (static_cast<double>(c.k + 2) * std::ldexp(1.0, -24) + input_error))
          << i << "," << j;
    }
    for (std::size_t j = c.n; j < stride; ++j)
      ASSERT_EQ(out[i * stride + j], before[i * stride + j]) << "wrote past the row";
  }
}

TEST(Sgemm, EveryKernelAgreesWithThePlainSumOnOddSizesAndTails) {
  for (const SgemmKernel* kernel : sgemm_kernels())
    for (const auto& [m, n, k] : {std::array<std::size_t, 3>{1, 1, 1},
                                  {14, 32, 8},
                                  {15, 33, 7},
                                  {3, 70, 300},
                                  {170, 40, 257},
                                  {29, 515, 19},
                                  {13, 31, 64}})
      for (int flags = 0; flags < 8; ++flags)
        expect_product(*kernel, {m, n, k, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0});
}

TEST(Sgemm, RoundedInputsCostAtMostTheirRounding) {
  const SgemmKernel* kernel = sgemm_bf16_kernel();
  if (kernel == nullptr) GTEST_SKIP() << "this processor has no bfloat16 products";
  // Each factor is rounded by at most 2^-8 of itself, so each product by about 2^-7.
  for (const auto& [m, n, k] : {std::array<std::size_t, 3>{1, 1, 1},
                                {14, 32, 8},
                                {15, 33, 7},
                                {3, 70, 301},
                                {170, 40, 257},
                                {29, 515, 19},
                                {13, 31, 64}})
    for (int flags = 0; flags < 8; ++flags)
      expect_product(*kernel, {m, n, k, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0},
                     std::ldexp(1.01, -7));
}

TEST(Sgemm, AnEmptySumIsZeroOrLeavesWhatWasThere) {
  float c[2] = {3, 4};
  Sgemm sgemm;
  sgemm.multiply(1, 2, 0, {c, 0, 1}, {c, 0, 1}, c, 2, true);
  EXPECT_EQ(c[1], 4);
  sgemm.multiply(1, 2, 0, {c, 0, 1}, {c, 0, 1}, c, 2, false);
  EXPECT_EQ(c[1], 0);
}

}  // namespace
}  // namespace nearside::kernels
