#include "model/experts.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"

namespace nearside::model {
namespace {

TEST(ChooseExperts, TakesTheGreatestAndSharesOneAmongThem) {
  const std::vector<float> scores = {1.0F, 3.0F, -2.0F, 2.0F};
  const std::vector<ExpertShare> chosen = choose_experts(scores.data(), 4, 2);
  ASSERT_EQ(chosen.size(), 2U);
  EXPECT_EQ(chosen[0].expert, 1U);
  EXPECT_EQ(chosen[1].expert, 3U);
  EXPECT_NEAR(chosen[0].weight, 1.0F / (1.0F + std::exp(-1.0F)), 1e-6);
  EXPECT_NEAR(chosen[0].weight + chosen[1].weight, 1.0F, 1e-6);
}

TEST(ChooseExperts, PrefersTheLowerNumberOfEqualOnes) {
  const std::vector<float> scores(5, 0.5F);
  const std::vector<ExpertShare> chosen = choose_experts(scores.data(), 5, 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(chosen[i].expert, i);
}

TEST(ChooseExperts, StaysWithinBoundsWhateverBrokenWeightsGive) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> scores = {nan, nan, 1.0F, nan};
  for (const ExpertShare& share : choose_experts(scores.data(), 4, 3)) EXPECT_LT(share.expert, 4U);
}

kernels::Weights matrix(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
  return kernels::Weights::prepare({.type = gguf::TensorType::kF32,
                                    .rows = rows,
                                    .columns = columns,
                                    .data = reinterpret_cast<const std::byte*>(values.data())},
                                   kernels::best_table());
}

// Expert e scales by e + 1 what the gate makes of the identity.
TEST(ExpertBlock, SendsEachRowToItsOwnExperts) {
  const std::vector<float> identity = {1.0F, 0.0F, 0.0F, 1.0F};
  std::vector<std::vector<float>> downs;
  for (int e = 0; e < 3; ++e) {
    const auto factor = static_cast<float>(e + 1);
    downs.push_back({factor, 0.0F, 0.0F, factor});
  }
  // Row (1, 0) scores the experts 20, 0, 0; row (0, 1) scores them 0, 20, 20.
  const std::vector<float> router = {20.0F, 0.0F, 0.0F, 20.0F, 0.0F, 20.0F};
  Experts experts{.router = matrix(router, 3, 2), .all = {}, .used = 2};
  for (const std::vector<float>& down : downs)
    experts.all.push_back({matrix(identity, 2, 2), matrix(identity, 2, 2), matrix(down, 2, 2)});
  base::ThreadPool pool(2);
  kernels::Context context{.table = kernels::best_table(), .pool = pool};
  const std::vector<float> x = {1.0F, 0.0F, 0.0F, 1.0F};
  std::vector<float> out(4);
  ExpertBlock block;
  block.compute(experts, Gate::kSilu, x.data(), 2, out.data(), context);
  const float silu = 1.0F / (1.0F + std::exp(-1.0F));  // of 1
  EXPECT_NEAR(out[0], silu, 1e-5);                     // expert 0, nearly alone
  EXPECT_NEAR(out[1], 0.0F, 1e-5);
  EXPECT_NEAR(out[2], 0.0F, 1e-5);
  EXPECT_NEAR(out[3], 2.5F * silu, 1e-5);  // half of expert 1, half of expert 2
}

}  // namespace
}  // namespace nearside::model
