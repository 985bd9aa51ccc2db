#include "model/model.h"

#include <cmath>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/architectures.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

/// A tiny model with what it needs to run.
class Harness {
 public:
  explicit Harness(std::string_view architecture, std::size_t threads = 1,
                   KvType kv_type = KvType::kF16)
      : bytes_(tiny_file(architecture)),
        file_(*gguf::File::from_bytes(std::as_bytes(std::span(bytes_)), "tiny")),
        model_(*Model::load(file_, kernels::best_table())),
        pool_(threads),
        context_{.table = kernels::best_table(), .pool = pool_},
        cache_(model_->kv_shape(4, 256, kv_type)) {}

  std::vector<float> forward(const Batch& batch) {
    for (const Row& row : batch) cache_.reserve(row.sequence, row.position + 1U);
    std::vector<float> logits(logits_rows(batch) * kTinyVocabulary);
    model_->forward(batch, cache_, logits, context_);
    return logits;
  }
  Model& model() { return *model_; }

 private:
  std::string bytes_;
  gguf::File file_;
  std::unique_ptr<Model> model_;
  base::ThreadPool pool_;
  kernels::Context context_;
  KvCache cache_;
};

/// `count` tokens of a text, the last of which wants logits.
Batch prompt(SequenceIndex sequence, std::size_t count, int salt) {
  Batch batch;
  for (std::size_t i = 0; i < count; ++i)
    batch.push_back({.sequence = sequence,
                     .position = static_cast<std::uint32_t>(i),
                     .token = static_cast<TokenId>((i * 37 + static_cast<std::size_t>(salt) * 101) %
                                                   kTinyVocabulary),
                     .wants_logits = i + 1 == count});
  return batch;
}

class EveryArchitecture : public testing::TestWithParam<std::string> {};

TEST_P(EveryArchitecture, GivesFiniteScoresThatDifferBetweenTokens) {
  const std::vector<float> logits = Harness(GetParam()).forward(prompt(0, 20, 1));
  double sum = 0.0;
  double squares = 0.0;
  for (const float logit : logits) {
    ASSERT_TRUE(std::isfinite(logit));
    sum += static_cast<double>(logit);
    squares += static_cast<double>(logit * logit);
  }
  const double mean = sum / static_cast<double>(logits.size());
  const double deviation = std::sqrt(squares / static_cast<double>(logits.size()) - mean * mean);
  EXPECT_GT(deviation, 0.5);
  EXPECT_LT(deviation, 20.0);
}

TEST_P(EveryArchitecture, ComputesASequenceAloneAsAmongOthers) {
  const std::vector<float> alone = Harness(GetParam()).forward(prompt(0, 70, 1));
  Batch mixed = prompt(2, 5, 7);
  for (const Row& row : prompt(0, 70, 1)) mixed.push_back(row);
  for (const Row& row : prompt(1, 33, 3)) mixed.push_back(row);
  const std::vector<float> among = Harness(GetParam()).forward(mixed);
  ASSERT_EQ(among.size(), 3 * kTinyVocabulary);
  EXPECT_EQ(alone, std::vector<float>(among.begin() + kTinyVocabulary,
                                      among.begin() + 2 * kTinyVocabulary));
}

TEST_P(EveryArchitecture, ComputesAPromptInPiecesAsAtOnce) {
  const Batch whole = prompt(0, 90, 2);
  const std::vector<float> at_once = Harness(GetParam()).forward(whole);
  Harness pieces(GetParam());
  pieces.forward(Batch(whole.begin(), whole.begin() + 1));
  pieces.forward(Batch(whole.begin() + 1, whole.begin() + 67));
  EXPECT_EQ(pieces.forward(Batch(whole.begin() + 67, whole.end())), at_once);
}

TEST_P(EveryArchitecture, ComputesTheSameWithAnyNumberOfThreads) {
  const Batch batch = prompt(0, 40, 5);
  EXPECT_EQ(Harness(GetParam(), 1).forward(batch), Harness(GetParam(), 3).forward(batch));
}

// A cache in 8 bits rounds keys and values at 1/254 of their block's greatest: logits, which are a
// few units wide, move by far less than one.
TEST_P(EveryArchitecture, ComputesNearlyTheSameWithACacheInEightBits) {
  const Batch batch = prompt(0, 90, 5);
  const std::vector<float> exact = Harness(GetParam()).forward(batch);
  const std::vector<float> rounded = Harness(GetParam(), 1, KvType::kQ8_0).forward(batch);
  EXPECT_NE(exact, rounded);
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(exact[i], rounded[i], 0.3);
  Harness pieces(GetParam(), 2, KvType::kQ8_0);
  pieces.forward(Batch(batch.begin(), batch.begin() + 31));
  EXPECT_EQ(pieces.forward(Batch(batch.begin() + 31, batch.end())), rounded);
}

TEST_P(EveryArchitecture, GivesLogitsOnlyToTheRowsThatAsk) {
  Batch batch = prompt(0, 10, 4);
  batch[3].wants_logits = true;
  const std::vector<float> two = Harness(GetParam()).forward(batch);
  ASSERT_EQ(two.size(), 2 * kTinyVocabulary);
  const std::vector<float> early =
      Harness(GetParam()).forward(Batch(batch.begin(), batch.begin() + 4));
  EXPECT_EQ(early, std::vector<float>(two.begin(), two.begin() + kTinyVocabulary));
}

TEST_P(EveryArchitecture, DependsOnTheOrderOfTokens) {
  Batch swapped = prompt(0, 10, 4);
  std::swap(swapped[2].token, swapped[5].token);
  EXPECT_NE(Harness(GetParam()).forward(prompt(0, 10, 4)), Harness(GetParam()).forward(swapped));
}

TEST_P(EveryArchitecture, CountsParametersAndBytes) {
  Harness harness(GetParam());
  EXPECT_EQ(harness.model().weight_bytes(), 4 * harness.model().parameters());
  if (harness.model().hyperparameters().experts == 0)
    EXPECT_EQ(harness.model().pass_bytes(), harness.model().weight_bytes());  // tied
  else
    EXPECT_LT(harness.model().pass_bytes(), harness.model().weight_bytes());
  EXPECT_GT(harness.model().parameters(), 15'000U);
}

INSTANTIATE_TEST_SUITE_P(Model, EveryArchitecture,
                         testing::Values("llama", "qwen2", "qwen3", "gemma2", "gemma3", "smollm3",
                                         "granite", "phi3", "qwen3moe", "gpt-oss"));

/// The states of every row of an encoder's batch.
std::vector<float> states(const Batch& batch, std::size_t threads) {
  const std::string bytes = tiny_file("bert");
  const gguf::File file = *gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny");
  const std::unique_ptr<Model> model = *Model::load(file, kernels::best_table());
  EXPECT_FALSE(model->generates());
  base::ThreadPool pool(threads);
  kernels::Context context{.table = kernels::best_table(), .pool = pool};
  KvCache cache(model->kv_shape(4, 256));
  for (const Row& row : batch) cache.reserve(row.sequence, row.position + 1U);
  std::vector<float> out(logits_rows(batch) * model->hyperparameters().embedding);
  model->states(batch, cache, out, context);
  return out;
}

TEST(Encoder, SeesWhatComesBehind) {
  Batch batch = prompt(0, 70, 1);
  batch.front().wants_logits = true;
  const std::vector<float> before = states(batch, 1);
  batch.back().token += 1;
  const std::vector<float> after = states(batch, 1);
  ASSERT_EQ(before.size(), 64U);
  EXPECT_NE(std::vector<float>(before.begin(), before.begin() + 32),
            std::vector<float>(after.begin(), after.begin() + 32));
}

TEST(Encoder, ComputesATextAloneAsAmongOthers) {
  Batch mixed = prompt(2, 5, 7);
  for (const Row& row : prompt(0, 70, 1)) mixed.push_back(row);
  for (const Row& row : prompt(1, 33, 3)) mixed.push_back(row);
  const std::vector<float> among = states(mixed, 3);
  EXPECT_EQ(states(prompt(0, 70, 1), 1),
            std::vector<float>(among.begin() + 32, among.begin() + 64));
}

TEST(Model, KnowsTheArchitecturesItLists) {
  for (const Architecture& architecture : architectures())
    EXPECT_NO_FATAL_FAILURE(tiny_shape(architecture.name));
}

}  // namespace
}  // namespace nearside::model
