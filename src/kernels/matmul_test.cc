#include "kernels/matmul.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "kernels/format.h"
#include "kernels/tables.h"

namespace nearside::kernels {
namespace {

std::vector<float> gaussian(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0.0f, 1.0f);
  std::vector<float> out(n);
  for (float& value : out) value = distribution(random);
  return out;
}

struct Case {
  const Table* table;
  const Format* format;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const Table* table : available_tables())
    for (const Format* format : formats()) out.push_back({table, format});
  return out;
}

class Matmul : public testing::TestWithParam<Case> {
 protected:
  /// A matrix of the format under test, its bytes shifted off any alignment.
  WeightView random_matrix(std::size_t rows, std::size_t columns, unsigned seed) {
    const Format& format = *GetParam().format;
    const std::vector<float> values = gaussian(rows * columns, seed);
    const std::size_t row_bytes = format.row_bytes(columns);
    bytes_.resize(rows * row_bytes + 1);
    for (std::size_t r = 0; r < rows; ++r)
      format.quantize_row(values.data() + r * columns, columns, bytes_.data() + 1 + r * row_bytes);
    return {format.type, rows, columns, bytes_.data() + 1};
  }
  static std::vector<float> multiply(const Weights& weights, const float* x, std::size_t tokens,
                                     Context& context) {
    std::vector<float> y(tokens * weights.rows(), NAN);
    matmul(weights, x, tokens, y.data(), context);
    return y;
  }
  static std::vector<float> multiply(const WeightView& view, const Table& table, const float* x,
                                     std::size_t tokens) {
    base::ThreadPool pool(1);
    Context context{table, pool};
    return multiply(Weights::prepare(view, table), x, tokens, context);
  }
  std::vector<std::byte> bytes_;
};

// Integer products are exact, so tables differ by the order of the f32 sum over blocks only: the
// error of a sum of n terms is below n * 2^-24 * sum |terms|, and terms average columns * 0.8.
TEST_P(Matmul, AgreesWithTheScalarTable) {
  for (const std::size_t rows : {1u, 7u, 37u}) {
    for (const std::size_t tokens : {1u, 2u, 5u, 13u}) {
      const std::size_t columns = 512 + 256 * (tokens % 2);
      const WeightView view = random_matrix(rows, columns, 1);
      const std::vector<float> x = gaussian(tokens * columns, 2);
      const auto expected = multiply(view, scalar_table(), x.data(), tokens);
      const auto actual = multiply(view, *GetParam().table, x.data(), tokens);
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(actual[i], expected[i], 0x1p-24 * 32 * static_cast<double>(columns)) << i;
    }
  }
}

TEST_P(Matmul, GivesTheSameBitsForATokenAloneAndInAnyBatchOnAnyThreads) {
  const std::size_t rows = 45;
  const std::size_t columns = 768;
  const std::size_t tokens = 41;
  const WeightView view = random_matrix(rows, columns, 3);
  const std::vector<float> x = gaussian(tokens * columns, 4);
  const Table& table = *GetParam().table;
  const Weights weights = Weights::prepare(view, table);
  base::ThreadPool one(1);
  base::ThreadPool three(3);
  Context alone_context{table, one};
  Context shared_context{table, three};
  const auto together = multiply(weights, x.data(), tokens, alone_context);
  EXPECT_EQ(together, multiply(weights, x.data(), tokens, shared_context));
  for (std::size_t t = 0; t < tokens; ++t) {
    const auto alone = multiply(weights, x.data() + t * columns, 1, alone_context);
    ASSERT_TRUE(
        std::equal(alone.begin(), alone.end(), together.begin() + static_cast<long>(t * rows)))
        << "token " << t;
  }
}

TEST_P(Matmul, TakesWeightsPackedInPieces) {
  const std::size_t rows = 3 * Weights::kPackRowsStep + 21;
  const WeightView view = random_matrix(rows, 512, 9);
  const std::vector<float> x = gaussian(512, 10);
  base::ThreadPool pool(1);
  Context context{*GetParam().table, pool};
  const Weights pieces = Weights::reserve(view, *GetParam().table);
  const std::size_t row_bytes = GetParam().format->row_bytes(view.columns);
  const auto pack = [&](std::size_t begin, std::size_t end) {
    const std::vector<std::byte> elsewhere(view.data + begin * row_bytes,
                                           view.data + end * row_bytes);
    pieces.pack(begin, end, elsewhere.data());
  };
  pack(2 * Weights::kPackRowsStep, rows);
  pack(0, Weights::kPackRowsStep);
  pack(Weights::kPackRowsStep, 2 * Weights::kPackRowsStep);
  EXPECT_EQ(multiply(pieces, x.data(), 1, context), multiply(view, *GetParam().table, x.data(), 1));
}

// The bound is the rounding of activations to 8 bits (each off by at most 1/254 of its block's
// maximum, about 3.2 sigma) times sqrt(columns) for independent errors, with a factor 6 for the
// tail.
TEST_P(Matmul, MultipliesTheDequantizedWeights) {
  const Format& format = *GetParam().format;
  const std::size_t rows = 20;
  const std::size_t columns = 1024;
  const WeightView view = random_matrix(rows, columns, 5);
  const std::vector<float> x = gaussian(columns, 6);
  const auto y = multiply(view, *GetParam().table, x.data(), 1);
  std::vector<float> row(columns);
  for (std::size_t r = 0; r < rows; ++r) {
    dequantize_row(view, r, row.data());
    double expected = 0;
    for (std::size_t c = 0; c < columns; ++c) expected += static_cast<double>(row[c]) * x[c];
    const double bound = format.activation == ActivationKind::kF32
                             ? 1e-4
                             : 6 * 3.2 / 254 * std::sqrt(static_cast<double>(columns));
    ASSERT_NEAR(y[r], expected, bound);
  }
}

TEST_P(Matmul, HandlesZeroActivationsAndZeroWeights) {
  const Format& format = *GetParam().format;
  const std::size_t columns = 256;
  const std::vector<float> zeros(columns * 17);
  std::vector<std::byte> bytes(format.row_bytes(columns) * 17);
  for (std::size_t r = 0; r < 17; ++r)
    format.quantize_row(zeros.data(), columns, bytes.data() + r * format.row_bytes(columns));
  const WeightView view{format.type, 17, columns, bytes.data()};
  const std::vector<float> x = gaussian(columns, 7);
  for (const float value : multiply(view, *GetParam().table, x.data(), 1)) EXPECT_EQ(value, 0);
  const WeightView random = random_matrix(17, columns, 8);
  for (const float value : multiply(random, *GetParam().table, zeros.data(), 3))
    EXPECT_EQ(value, 0);
}

INSTANTIATE_TEST_SUITE_P(Kernel, Matmul, testing::ValuesIn(cases()), [](const auto& given) {
  return std::string(given.param.table->name) + "_" + std::string(given.param.format->name);
});

TEST(MatmulZeroScale, GivesZeroWhateverTheWeightsOfTheBlock) {
  const std::vector<float> x = gaussian(64, 11);
  for (const Table* table : available_tables()) {
    for (const gguf::TensorType type :
         {gguf::TensorType::kQ4_0, gguf::TensorType::kQ8_0, gguf::TensorType::kIQ4_NL}) {
      const Format& chosen = format(type);
      std::vector<std::byte> bytes(chosen.row_bytes(64) * 3, std::byte{0x5a});
      for (std::size_t b = 0; b < bytes.size(); b += chosen.block_bytes)
        bytes[b] = bytes[b + 1] = std::byte{0};
      base::ThreadPool pool(1);
      Context context{*table, pool};
      std::vector<float> y(3, NAN);
      matmul(Weights::prepare({type, 3, 64, bytes.data()}, *table), x.data(), 1, y.data(), context);
      for (const float value : y) EXPECT_EQ(value, 0) << table->name << " " << chosen.name;
    }
  }
}

TEST(MatmulTargets, QuantiseOnceAndAgreeWithSeparateProducts) {
  const std::size_t columns = 256;
  const std::size_t tokens = 3;
  const std::vector<float> x = gaussian(tokens * columns, 9);
  const Table& table = best_table();
  base::ThreadPool pool(2);
  Context context{table, pool};
  std::vector<std::vector<std::byte>> bytes;
  std::vector<Weights> weights;
  const std::vector<float> values = gaussian(columns * 19, 10);
  for (const Format* format : formats()) {
    if (weights.size() == 8) break;
    auto& row = bytes.emplace_back(format->row_bytes(columns * 19));
    format->quantize_row(values.data(), columns * 19, row.data());
    weights.push_back(Weights::prepare({format->type, 19, columns, row.data()}, table));
  }
  std::vector<std::vector<float>> y(weights.size(), std::vector<float>(tokens * 19));
  std::vector<Target> targets;
  for (std::size_t i = 0; i < weights.size(); ++i) targets.push_back({&weights[i], y[i].data()});
  matmul(targets, x.data(), tokens, context);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    std::vector<float> alone(tokens * 19);
    matmul(weights[i], x.data(), tokens, alone.data(), context);
    EXPECT_EQ(alone, y[i]);
  }
}

}  // namespace
}  // namespace nearside::kernels
