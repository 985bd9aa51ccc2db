#include "engine/sampler.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::engine {
namespace {

using model::TokenId;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::map<TokenId, int> draw(const chat::Sampling& sampling, const std::vector<float>& logits,
                            int draws, std::uint64_t seed = 1) {
  Sampler sampler(sampling, seed);
  std::map<TokenId, int> counts;
  for (int i = 0; i < draws; ++i) {
    std::vector<float> scratch = logits;
    ++counts[*sampler.next(scratch)];
  }
  return counts;
}

std::set<TokenId> support(const chat::Sampling& sampling, const std::vector<float>& logits) {
  std::set<TokenId> tokens;
  for (const auto& [token, count] : draw(sampling, logits, 3000)) tokens.insert(token);
  return tokens;
}

/// Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625.
std::vector<float> halves() {
  return {std::log(0.5F), std::log(0.25F), std::log(0.125F), std::log(0.0625F), std::log(0.0625F)};
}

TEST(Sampler, TemperatureZeroTakesTheLikeliestAndTheLowerIdOfTwo) {
  chat::Sampling greedy;
  greedy.temperature = 0.0F;
  EXPECT_EQ(draw(greedy, {1.0F, 3.0F, 3.0F, 2.0F}, 5), (std::map<TokenId, int>{{1, 5}}));
}

TEST(Sampler, FollowsTheDistribution) {
  const auto counts = draw({}, halves(), 20'000);
  EXPECT_NEAR(counts.at(0), 10'000, 300);  // 4 standard deviations
  EXPECT_NEAR(counts.at(2), 2'500, 190);
}

TEST(Sampler, HigherTemperatureFlattens) {
  chat::Sampling hot;
  hot.temperature = 2.0F;  // square roots of the probabilities, normalised
  const double total = std::sqrt(0.5) + 0.5 + std::sqrt(0.125) + 0.5;
  EXPECT_NEAR(draw(hot, halves(), 20'000).at(0), 20'000 * std::sqrt(0.5) / total, 300);
}

TEST(Sampler, TopKKeepsTheLikeliest) {
  chat::Sampling sampling;
  sampling.top_k = 2;
  EXPECT_EQ(support(sampling, halves()), (std::set<TokenId>{0, 1}));
}

TEST(Sampler, TopPKeepsTheSmallestSetThatReachesTheMass) {
  chat::Sampling sampling;
  sampling.top_p = 0.7F;
  EXPECT_EQ(support(sampling, halves()), (std::set<TokenId>{0, 1}));
  sampling.top_p = 0.0F;
  EXPECT_EQ(support(sampling, halves()), (std::set<TokenId>{0}));
}

TEST(Sampler, TopPLooksAtProbabilitiesBeforeTemperature) {
  chat::Sampling sampling;
  sampling.top_p = 0.7F;
  sampling.temperature = 50.0F;
  EXPECT_EQ(support(sampling, halves()), (std::set<TokenId>{0, 1}));
}

TEST(Sampler, TopPWorksOverALargeVocabulary) {
  std::vector<float> logits(5000, 0.0F);
  chat::Sampling sampling;
  sampling.top_p = 0.5F;
  for (const auto& [token, count] : draw(sampling, logits, 200)) EXPECT_LT(token, 2500);
}

TEST(Sampler, MinPKeepsTokensLikelyEnoughAgainstTheLikeliest) {
  chat::Sampling sampling;
  sampling.min_p = 0.2F;
  EXPECT_EQ(support(sampling, halves()), (std::set<TokenId>{0, 1, 2}));
}

TEST(Sampler, RepetitionPenaltyDividesPositiveAndMultipliesNegativeLogits) {
  chat::Sampling sampling;
  sampling.temperature = 0.0F;
  sampling.repetition_penalty = 2.0F;
  Sampler sampler(sampling, 1);
  sampler.accept(0);
  std::vector<float> positive = {3.0F, 2.0F};
  EXPECT_EQ(*sampler.next(positive), 1);
  std::vector<float> negative = {-3.0F, -5.0F};
  EXPECT_EQ(*sampler.next(negative), 1);
}

TEST(Sampler, FrequencyCountsOccurrencesAndPresenceDoesNot) {
  chat::Sampling frequency;
  frequency.temperature = 0.0F;
  frequency.frequency_penalty = 0.5F;
  chat::Sampling presence;
  presence.temperature = 0.0F;
  presence.presence_penalty = 0.5F;
  for (const auto& [sampling, expected] : {std::pair{frequency, 1}, std::pair{presence, 0}}) {
    Sampler sampler(sampling, 1);
    for (int i = 0; i < 3; ++i) sampler.accept(0);
    std::vector<float> logits = {2.0F, 1.0F};
    EXPECT_EQ(*sampler.next(logits), expected);
  }
}

TEST(Sampler, ForgetsTokensOutsideTheWindow) {
  chat::Sampling sampling;
  sampling.temperature = 0.0F;
  sampling.presence_penalty = 5.0F;
  sampling.penalty_window_tokens = 2;
  Sampler sampler(sampling, 1);
  sampler.accept(0);
  sampler.accept(1);
  sampler.accept(2);
  std::vector<float> logits = {2.0F, 1.0F, 1.0F};
  EXPECT_EQ(*sampler.next(logits), 0);
}

TEST(Sampler, EqualSeedsGiveEqualTokensAndOthersDiffer) {
  const auto sequence = [](std::uint64_t seed) {
    Sampler sampler({}, seed);
    std::vector<TokenId> tokens;
    for (int i = 0; i < 50; ++i) {
      std::vector<float> logits = halves();
      tokens.push_back(*sampler.next(logits));
    }
    return tokens;
  };
  EXPECT_EQ(sequence(7), sequence(7));
  EXPECT_NE(sequence(7), sequence(8));
}

TEST(Sampler, PassesOverScoresThatAreNotNumbers) {
  std::vector<float> logits = {kNaN, 1.0F, -std::numeric_limits<float>::infinity()};
  EXPECT_EQ(support({}, logits), (std::set<TokenId>{1}));
}

TEST(Sampler, SaysSoWhenNoScoreIsANumber) {
  Sampler sampler({}, 1);
  std::vector<float> logits = {kNaN, kNaN};
  const auto token = sampler.next(logits);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, base::Code::kCorrupt);
}

TEST(CheckSampling, AcceptsTheDefaultsAndNamesTheFieldThatIsWrong) {
  EXPECT_TRUE(check_sampling({}));
  const auto refused = [](auto spoil, std::string_view field) {
    chat::Sampling sampling;
    spoil(sampling);
    const base::Status status = check_sampling(sampling);
    return !status && status.error().code == base::Code::kInvalidArgument &&
           status.error().message.find(field) == 0;
  };
  EXPECT_TRUE(refused([](auto& s) { s.temperature = -1.0F; }, "temperature"));
  EXPECT_TRUE(refused([](auto& s) { s.temperature = kNaN; }, "temperature"));
  EXPECT_TRUE(refused([](auto& s) { s.top_p = 1.5F; }, "top_p"));
  EXPECT_TRUE(refused([](auto& s) { s.min_p = -0.1F; }, "min_p"));
  EXPECT_TRUE(refused([](auto& s) { s.repetition_penalty = 0.0F; }, "repetition_penalty"));
  EXPECT_TRUE(refused([](auto& s) { s.frequency_penalty = kNaN; }, "frequency_penalty"));
  EXPECT_TRUE(refused([](auto& s) { s.presence_penalty = 1e9F; }, "presence_penalty"));
  EXPECT_TRUE(refused([](auto& s) { s.penalty_window_tokens = 1U << 30U; }, "penalty_window"));
}

}  // namespace
}  // namespace nearside::engine
