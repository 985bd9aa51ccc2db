#include "model/perplexity.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

base::Result<Perplexity> measure(std::string_view architecture, const std::vector<TokenId>& tokens,
                                 const PerplexitySettings& settings) {
  const std::string bytes = tiny_file(architecture);
  const gguf::File file = *gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny");
  const std::unique_ptr<Model> model = *Model::load(file, kernels::best_table());
  base::ThreadPool pool(2);
  kernels::Context context{.table = kernels::best_table(), .pool = pool};
  return measure_perplexity(*model, tokens, settings, context);
}

std::vector<TokenId> text(std::size_t count) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<TokenId>('a' + (i * i + i / 7) % 26));
  return tokens;
}

TEST(Perplexity, ScoresTheSecondHalfOfEachWholeChunk) {
  const auto result = measure("llama", text(110), {.context_tokens = 32});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->chunks, 3U);
  EXPECT_EQ(result->tokens_scored, 3U * 15U);
  EXPECT_GT(result->standard_error, 0.0);
}

TEST(Perplexity, ChunksStandAlone) {
  const auto two = measure("qwen2", text(64), {.context_tokens = 32});
  std::vector<TokenId> second = text(64);
  second.erase(second.begin(), second.begin() + 32);
  const auto last = measure("qwen2", second, {.context_tokens = 32});
  const auto first = measure("qwen2", text(64), {.context_tokens = 32, .chunks_max = 1});
  ASSERT_TRUE(two && last && first);
  EXPECT_NEAR(two->perplexity, std::sqrt(first->perplexity * last->perplexity),
              1e-6 * two->perplexity);
}

TEST(Perplexity, BosTakesThePlaceOfAChunksFirstToken) {
  std::vector<TokenId> changed = text(32);
  changed[0] = 'z';
  const PerplexitySettings settings{.context_tokens = 32, .bos = kTinyBos};
  EXPECT_EQ(measure("qwen3", text(32), settings)->perplexity,
            measure("qwen3", changed, settings)->perplexity);
}

TEST(Perplexity, RefusesATextShorterThanAChunk) {
  EXPECT_FALSE(measure("llama", text(31), {.context_tokens = 32}));
}

TEST(Perplexity, RefusesAChunkLongerThanTheContext) {
  EXPECT_FALSE(measure("llama", text(600), {.context_tokens = 258}));
}

TEST(Perplexity, RefusesAnOddChunk) {
  EXPECT_FALSE(measure("llama", text(64), {.context_tokens = 31}));
}

}  // namespace
}  // namespace nearside::model
