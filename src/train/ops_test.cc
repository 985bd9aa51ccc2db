#include "train/ops.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "train/exponential.h"
#include "train/gradient_check.h"

namespace nearside::train {
namespace {

// Differences of f32 functions at a step of 1e-2: truncation is h^2 = 1e-4 of the third derivative,
// rounding 2^-24 / 1e-2 = 6e-6 of the value.
constexpr double kTolerance = 2e-3;

double weighted_sum(const std::vector<float>& y, const std::vector<float>& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    sum += static_cast<double>(y[i]) * static_cast<double>(weights[i]);
  return sum;
}

TEST(Exponential, IsWithinThreeTenMillionthsOfTheTrueOne) {
  for (float x = -87; x < 88; x += 0.0137F)
    ASSERT_NEAR(exponential(x) / std::exp(static_cast<double>(x)), 1.0, 3e-7) << x;
  EXPECT_GT(exponential(-1e9F), 0.0F);
  EXPECT_TRUE(std::isfinite(exponential(1e9F)));
}

TEST(RmsNorm, GradientMatchesFiniteDifferences) {
  constexpr std::size_t kRows = 3;
  constexpr std::size_t kDim = 21;
  const auto x = random_normals(kRows * kDim, 1);
  const auto gain = random_normals(kDim, 2);
  const auto d_y = random_normals(kRows * kDim, 3);
  std::vector<float> d_x(x.size());
  std::vector<float> d_gain(gain.size());
  rms_norm_backward(x.data(), gain.data(), d_y.data(), kRows, kDim, 1e-5F, d_x.data(),
                    d_gain.data());
  const auto loss = [&](const std::vector<float>& xs, const std::vector<float>& gains) {
    std::vector<float> y(xs.size());
    rms_norm(xs.data(), gains.data(), kRows, kDim, 1e-5F, y.data());
    return weighted_sum(y, d_y);
  };
  EXPECT_LT(gradient_error(x, d_x, [&](const auto& v) { return loss(v, gain); }), kTolerance);
  EXPECT_LT(gradient_error(gain, d_gain, [&](const auto& v) { return loss(x, v); }), kTolerance);
}

TEST(RmsNorm, GivesRowsOfUnitMeanSquare) {
  const auto x = random_normals(64, 1, 5.0);
  const std::vector<float> gain(64, 1.0F);
  std::vector<float> y(64);
  rms_norm(x.data(), gain.data(), 1, 64, 1e-5F, y.data());
  EXPECT_NEAR(weighted_sum(y, y) / 64, 1.0, 1e-4);
}

TEST(Rope, TurnsNeighbouringPairsByTheAngleOfThePosition) {
  const Rope rope(8, 4, 100.0F);
  float x[4] = {1, 0, 1, 0};
  rope.turn(x, 1, 3);
  EXPECT_NEAR(x[0], std::cos(3.0), 1e-6);
  EXPECT_NEAR(x[1], std::sin(3.0), 1e-6);
  EXPECT_NEAR(x[2], std::cos(0.3), 1e-6);  // 100^(-2/4) = 1/10
  EXPECT_NEAR(x[3], std::sin(0.3), 1e-6);
}

TEST(Rope, TurningBackIsTheGradient) {
  const Rope rope(8, 6, 10000.0F);
  const auto x = random_normals(12, 1);
  auto d_x = random_normals(12, 2);
  const auto d_y = d_x;
  rope.turn_back(d_x.data(), 2, 5);
  EXPECT_LT(gradient_error(x, d_x,
                           [&](auto y) {
                             rope.turn(y.data(), 2, 5);
                             return weighted_sum(y, d_y);
                           }),
            kTolerance);
}

TEST(Attention, GradientMatchesFiniteDifferencesWithSharedKeys) {
  const AttentionShape shape{5, 4, 2, 6};
  const auto qkv = random_normals(shape.tokens * shape.row(), 1, 0.7);
  const std::size_t out_size = shape.tokens * shape.heads * shape.head_dim;
  const auto d_out = random_normals(out_size, 2);
  kernels::Sgemm sgemm;
  std::vector<float> p(shape.heads * shape.tokens * shape.tokens);
  const auto loss = [&](const std::vector<float>& x) {
    std::vector<float> out(out_size);
    attention(shape, x.data(), p.data(), out.data(), sgemm);
    return weighted_sum(out, d_out);
  };
  loss(qkv);
  std::vector<float> d_qkv(qkv.size());
  std::vector<float> scratch(shape.tokens * shape.tokens);
  attention_backward(shape, qkv.data(), p.data(), d_out.data(), d_qkv.data(), scratch.data(),
                     sgemm);
  EXPECT_LT(gradient_error(qkv, d_qkv, loss), kTolerance);
}

TEST(Attention, ATokenSeesNothingThatComesAfterIt) {
  const AttentionShape shape{4, 1, 1, 8};
  auto qkv = random_normals(shape.tokens * shape.row(), 1);
  kernels::Sgemm sgemm;
  std::vector<float> p(16);
  std::vector<float> before(32);
  std::vector<float> after(32);
  attention(shape, qkv.data(), p.data(), before.data(), sgemm);
  for (std::size_t i = 3 * shape.row(); i < qkv.size(); ++i) qkv[i] += 1;
  attention(shape, qkv.data(), p.data(), after.data(), sgemm);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(before[i], after[i]);
}

TEST(Swiglu, GradientMatchesFiniteDifferences) {
  constexpr std::size_t kRows = 3;
  constexpr std::size_t kFfn = 7;
  const auto x = random_normals(kRows * 2 * kFfn, 1);
  const auto d_out = random_normals(kRows * kFfn, 2);
  std::vector<float> d_x(x.size());
  swiglu_backward(x.data(), d_out.data(), kRows, kFfn, d_x.data());
  EXPECT_LT(gradient_error(x, d_x,
                           [&](const auto& v) {
                             std::vector<float> out(kRows * kFfn);
                             swiglu(v.data(), kRows, kFfn, out.data());
                             return weighted_sum(out, d_out);
                           }),
            kTolerance);
}

TEST(CrossEntropy, GradientMatchesFiniteDifferencesAndLossIsMinusTheLogProbability) {
  const std::vector<std::int32_t> targets = {2, 0, 8};
  const auto x = random_normals(27, 1);
  auto d_x = x;
  const CrossEntropy result = cross_entropy(d_x.data(), targets.data(), 3, 9, 0.5F, nullptr);
  double loss = 0;
  for (std::size_t r = 0; r < 3; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < 9; ++i) sum += std::exp(static_cast<double>(x[r * 9 + i]));
    loss -= static_cast<double>(x[r * 9 + static_cast<std::size_t>(targets[r])]) - std::log(sum);
  }
  EXPECT_NEAR(result.loss_sum, loss, 1e-5);
  EXPECT_LT(
      gradient_error(x, d_x,
                     [&](auto v) {
                       return 0.5 *
                              cross_entropy(v.data(), targets.data(), 3, 9, 0.5F, nullptr).loss_sum;
                     }),
      kTolerance);
}

TEST(CrossEntropy, SaysWhichRowsChoseTheTarget) {
  std::vector<float> logits = {1, 3, 2, 5, 0, 1};
  const std::vector<std::int32_t> targets = {1, 2};
  bool hit[2];
  EXPECT_EQ(cross_entropy(logits.data(), targets.data(), 2, 3, 1.0F, hit).correct, 1U);
  EXPECT_TRUE(hit[0]);
  EXPECT_FALSE(hit[1]);
}

}  // namespace
}  // namespace nearside::train
