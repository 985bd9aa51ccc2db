// The row functions of every table against the plain ones: odd sizes, tails, unaligned pointers,
// denormals, extremes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/half.h"
#include "kernels/tables.h"

namespace nearside::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t kSizes[] = {1, 2, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 257, 1000};

/// Values of very different sizes, at a pointer that is aligned to nothing.
class Unaligned {
 public:
  Unaligned(std::size_t n, unsigned seed, float spread = 2.0f) : bytes_(n + 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0f, spread);
    for (float& value : bytes_) value = normal(random);
    if (n > 3) bytes_[3] = 1e-41f;  // denormal
    if (n > 5) bytes_[5] = -0.0f;
  }
  float* data() { return bytes_.data() + 1; }
  [[nodiscard]] std::vector<float> copy() const { return {bytes_.begin() + 1, bytes_.end()}; }

 private:
  std::vector<float> bytes_;
};

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected,
                 double relative, double absolute) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i],
                absolute + relative * std::fabs(static_cast<double>(expected[i])))
        << "at " << i << " of " << actual.size();
}

class Rows : public testing::TestWithParam<const Table*> {
 protected:
  const Table& table = *GetParam();
  const Table& plain = scalar_table();
  /// Applies `function` with either table and compares.
  template <typename Function>
  void compare(Function function, double relative, double absolute) {
    for (const std::size_t n : kSizes)
      expect_near(function(table, n), function(plain, n), relative, absolute);
  }
};

// An f32 sum of squares of n <= 1000 terms in at least 32 partial sums: relative error below
// (1000 / 32 + 5) * 2^-24 = 2.2e-6, halved by the root, plus the roundings of three products.
TEST_P(Rows, RmsNorm) {
  compare(
      [](const Table& t, std::size_t n) {
        Unaligned x(n, 1), weight(n, 2);
        t.rms_norm(x.data(), weight.data(), n, 1e-6f, x.data());
        return x.copy();
      },
      3e-6, 1e-37);
}

// The mean is off by up to 2e-6 of the mean magnitude, which after division stays below 1e-5.
TEST_P(Rows, LayerNorm) {
  for (const bool with_bias : {false, true})
    compare(
        [&](const Table& t, std::size_t n) {
          Unaligned x(n, 3), weight(n, 4), bias(n, 5);
          t.layer_norm(x.data(), weight.data(), with_bias ? bias.data() : nullptr, n, 1e-5f,
                       x.data());
          return x.copy();
        },
        1e-5, 2e-5);
}

// exp is within 2.5e-7 (vector_rows.h) after an argument rounded to 2^-24 of up to 20: 1.2e-6.
TEST_P(Rows, SoftmaxWithAndWithoutMask) {
  for (const bool with_mask : {false, true})
    compare(
        [&](const Table& t, std::size_t n) {
          Unaligned x(n, 6, 5.0f), mask(n, 7);
          for (std::size_t i = 0; i < n; i += 3) mask.data()[i] = -kInfinity;
          if (n > 1) mask.data()[1] = 0;
          t.softmax(x.data(), with_mask ? mask.data() : nullptr, n, 0.7f);
          return x.copy();
        },
        4e-6, 1e-37);
}

TEST_P(Rows, SoftmaxOfARowMaskedEverywhereIsZero) {
  std::vector<float> x(19, 1.0f);
  const std::vector<float> mask(19, -kInfinity);
  table.softmax(x.data(), mask.data(), x.size(), 1.0f);
  EXPECT_EQ(x, std::vector<float>(19, 0.0f));
}

TEST_P(Rows, SoftmaxSurvivesHugeScores) {
  std::vector<float> x = {1e30f, -1e30f, 1e30f, 0};
  table.softmax(x.data(), nullptr, x.size(), 1.0f);
  EXPECT_EQ(x, (std::vector<float>{0.5f, 0, 0.5f, 0}));
}

// Relative 2.5e-7 of exp and three roundings; tiny results (exp near its lower end) absolutely.
TEST_P(Rows, SiluMul) {
  std::vector<float> gate;
  for (float v = -100; v <= 100; v += 0.37f) gate.push_back(v);
  const std::vector<float> up(gate.size(), 1.5f);
  std::vector<float> actual(gate.size()), expected(gate.size());
  table.silu_mul(gate.data(), up.data(), gate.size(), actual.data());
  plain.silu_mul(gate.data(), up.data(), gate.size(), expected.data());
  expect_near(actual, expected, 1e-6, 1e-35);
}

// The plain form computes 1 + tanh, which loses relative precision below -3: an absolute bound of
// half a rounding of 1 times the value there.
TEST_P(Rows, GeluMul) {
  std::vector<float> gate;
  for (float v = -12; v <= 12; v += 0.013f) gate.push_back(v);
  const std::vector<float> up(gate.size(), -0.5f);
  std::vector<float> actual(gate.size()), expected(gate.size());
  table.gelu_mul(gate.data(), up.data(), gate.size(), actual.data());
  plain.gelu_mul(gate.data(), up.data(), gate.size(), expected.data());
  expect_near(actual, expected, 2e-6, 5e-7);
}

TEST_P(Rows, AddMulScaleAxpyAreExactUpToTheRoundingOfAxpy) {
  const auto all = [](const Table& t, std::size_t n) {
    Unaligned a(n, 8), b(n, 9), c(n, 10);
    t.add(a.data(), b.data(), n, a.data());
    t.mul(a.data(), c.data(), n, a.data());
    t.scale(a.data(), n, 0.3f);
    return a.copy();
  };
  compare(all, 0, 0);
  compare(
      [](const Table& t, std::size_t n) {
        Unaligned x(n, 11), y(n, 12);
        t.axpy(0.7f, x.data(), n, y.data());
        return y.copy();
      },
      0, 4e-6);
}

// n * 2^-24 * sum |terms| with |terms| averaging 2.5: far above what 32 partial sums can lose.
TEST_P(Rows, DotF32) {
  for (const std::size_t n : kSizes) {
    Unaligned a(n, 13), b(n, 14);
    EXPECT_NEAR(table.dot_f32(a.data(), b.data(), n), plain.dot_f32(a.data(), b.data(), n),
                1.5e-7 * 2.5 * static_cast<double>(n) + 1e-6);
  }
  EXPECT_EQ(table.dot_f32(nullptr, nullptr, 0), 0);
}

TEST_P(Rows, ArgmaxIsTheFirstOfTheGreatest) {
  for (const std::size_t n : kSizes) {
    Unaligned x(n, 15);
    for (const std::size_t at : {n - 1, n / 2, std::size_t{0}}) {
      x.data()[at] = 1000;
      EXPECT_EQ(table.argmax(x.data(), n), at);
    }
  }
  const std::vector<float> awkward = {kNan, -kInfinity, -5, kNan, -5, -kInfinity, -6, -7, -8, kNan};
  EXPECT_EQ(table.argmax(awkward.data(), awkward.size()), 2u);
  const std::vector<float> nothing(21, kNan);
  EXPECT_EQ(table.argmax(nothing.data(), nothing.size()), 0u);
}

TEST_P(Rows, WidensEveryHalf) {
  std::vector<Half> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<Half>(i);
  std::vector<float> wide(halves.size());
  table.f16_to_f32(halves.data() + 1, halves.size() - 1, wide.data());
  for (std::size_t i = 1; i < halves.size(); ++i) {
    const float expected = f16_to_f32(halves[i]);
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(wide[i - 1])) << i;
    else
      ASSERT_EQ(wide[i - 1], expected) << i;
  }
}

TEST_P(Rows, NarrowsWithTheRoundingOfTheProcessor) {
  std::vector<float> values = {0,         -0.0f,   1e-42f,    5.9604645e-8f, 2.9802322e-8f,
                               3e-8f,     6.1e-5f, 6.104e-5f, 65504,         65519.99f,
                               65520,     -1e9f,   kInfinity, 1.00048828f,   1.00146484f,
                               0.333333f, -2.2e-7f};
  std::mt19937 random(16);
  for (int i = 0; i < 20000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    const auto value = std::bit_cast<float>(bits);
    if (!std::isnan(value)) values.push_back(value);
    values.push_back(std::bit_cast<float>((bits & 0x8fffffffu) | 0x30000000u));  // half's range
  }
  std::vector<Half> halves(values.size());
  table.f32_to_f16(values.data(), values.size(), halves.data());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(halves[i], f32_to_f16(values[i])) << values[i];
}

TEST_P(Rows, RotatesHalvesAndInterleavedPairs) {
  for (const auto rope : {&Table::rope_halves, &Table::rope_interleaved})
    compare(
        [&](const Table& t, std::size_t pairs) {
          Unaligned head(2 * pairs, 17), cosines(pairs, 18), sines(pairs, 19);
          (t.*rope)(head.data(), pairs, cosines.data(), sines.data());
          return head.copy();
        },
        0, 1e-5);
}

struct Quantized {
  std::vector<std::int8_t> values;
  std::vector<float> scales;
  std::vector<std::int32_t> sums;
  std::vector<std::int32_t> powers;
  std::vector<std::int16_t> pair_sums;
  float base = 0;
  bool operator==(const Quantized&) const = default;
};

Quantized quantized(const Table& t, ActivationKind kind, const float* x, std::size_t columns) {
  Quantized q{.values = std::vector<std::int8_t>(columns),
              .scales = std::vector<float>(columns / scale_columns(kind)),
              .sums = std::vector<std::int32_t>(columns / sum_columns(kind)),
              .powers = std::vector<std::int32_t>(columns / 32),
              .pair_sums = std::vector<std::int16_t>(columns / 32)};
  t.quantize_activations(
      kind, x, columns,
      {.values = q.values.data(),
       .scales = q.scales.data(),
       .sums = q.sums.data(),
       .base = &q.base,
       .powers = q.powers.data(),
       .pair_sums = kind == ActivationKind::kBlock256 ? q.pair_sums.data() : nullptr});
  return q;
}

TEST_P(Rows, QuantizesActivationsToTheSameBits) {
  for (const ActivationKind kind : {ActivationKind::kBlock32, ActivationKind::kBlock256}) {
    const std::size_t columns = 1280;
    Unaligned x(columns, 23);
    EXPECT_TRUE(quantized(table, kind, x.data(), columns) ==
                quantized(plain, kind, x.data(), columns));
    std::fill_n(x.data() + 256, 256, 0.0f);
    for (std::size_t i = 768; i < 1024; ++i) x.data()[i] *= 1e-38f;
    x.data()[600] = 1e20f;
    EXPECT_TRUE(quantized(table, kind, x.data(), columns) ==
                quantized(plain, kind, x.data(), columns));
  }
}

TEST_P(Rows, QuantizesAnyNumberOfBlocksToTheSameBits) {
  for (std::size_t blocks = 0; blocks < 10; ++blocks) {
    Unaligned x(32 * blocks, 29);
    for (std::size_t i = 0; i < 32 * blocks; ++i)
      x.data()[i] *= std::exp2(static_cast<float>(i / 32 * 5 % 13));
    EXPECT_TRUE(quantized(table, ActivationKind::kBlock32, x.data(), 32 * blocks) ==
                quantized(plain, ActivationKind::kBlock32, x.data(), 32 * blocks))
        << blocks;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernel, Rows, testing::ValuesIn(available_tables()),
                         [](const auto& given) { return std::string(given.param->name); });

}  // namespace
}  // namespace nearside::kernels
