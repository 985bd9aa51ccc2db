// The forward pass against llama.cpp: see testdata/greedy/README.md.
#include <algorithm>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/model.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

/// Continues `tokens` by the likeliest token until there are `count`.
std::vector<TokenId> continue_greedily(const std::string& architecture, std::vector<TokenId> tokens,
                                       std::size_t count, const kernels::Table& table) {
  const std::string bytes = tiny_file(architecture);
  const gguf::File file = *gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "tiny");
  const std::unique_ptr<Model> model = *Model::load(file, table);
  base::ThreadPool pool(1);
  kernels::Context context{.table = table, .pool = pool};
  KvCache cache(model->kv_shape(1, 256));
  std::vector<float> logits(kTinyVocabulary);
  std::size_t computed = 0;
  while (tokens.size() < count) {
    cache.reserve(0, tokens.size());
    Batch batch;
    for (; computed < tokens.size(); ++computed)
      batch.push_back({.sequence = 0,
                       .position = static_cast<std::uint32_t>(computed),
                       .token = tokens[computed],
                       .wants_logits = computed + 1 == tokens.size()});
    model->forward(batch, cache, logits, context);
    tokens.push_back(
        static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
  }
  return tokens;
}

TEST(ForwardPass, ContinuesAsLlamaCppDoesWithEveryTable) {
  std::ifstream lines("src/model/testdata/greedy/continuations.txt");
  std::string line;
  std::size_t count = 0;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string architecture;
    std::size_t prompt = 0;
    fields >> architecture >> prompt;
    std::vector<TokenId> expected;
    for (TokenId token = 0; fields >> token;) expected.push_back(token);
    const std::vector<TokenId> begin(expected.begin(),
                                     expected.begin() + static_cast<std::ptrdiff_t>(prompt));
    for (const kernels::Table* table : kernels::available_tables())
      EXPECT_EQ(continue_greedily(architecture, begin, expected.size(), *table), expected)
          << architecture << ", " << table->name;
    ++count;
  }
  EXPECT_EQ(count, 8U);
}

}  // namespace
}  // namespace nearside::model
