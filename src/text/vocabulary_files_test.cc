// Real vocabularies with the ids that the models' own tokenizers give.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "gguf/file.h"
#include "text/tokenizer.h"

namespace nearside::text {
namespace {

const std::filesystem::path kData = "../shared/data/tokenizers";

class VocabularyFile : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    if (!std::filesystem::exists(kData / (name + ".gguf.xz")))
      GTEST_SKIP() << "no " << kData / (name + ".gguf.xz");
    path_ = std::filesystem::temp_directory_path() /
            ("nearside_text_" + std::to_string(getpid()) + "_" + name + ".gguf");
    const std::string command =
        "xz -dc '" + (kData / (name + ".gguf.xz")).string() + "' > '" + path_.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    base::Result<gguf::File> file = gguf::File::open(path_.string());
    ASSERT_TRUE(file) << file.error().message;
    base::Result<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::from_gguf(*file);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    tokenizer_ = std::move(tokenizer).value();
  }
  void TearDown() override {
    if (!path_.empty()) std::filesystem::remove(path_);
  }

  [[nodiscard]] static std::vector<std::string> texts() {
    const std::string all =
        base::read_file((kData / (std::string(GetParam()) + ".inp")).string()).value();
    const std::string marker = "\n__ggml_vocab_test__\n";
    std::vector<std::string> texts;
    std::size_t start = 0;
    for (std::size_t at = 0; (at = all.find(marker, start)) != std::string::npos;
         start = at + marker.size())
      texts.push_back(all.substr(start, at - start));
    return texts;
  }
  [[nodiscard]] static std::vector<std::vector<TokenId>> expected() {
    std::ifstream in(kData / (std::string(GetParam()) + ".out"));
    std::vector<std::vector<TokenId>> lists;
    for (std::string line; std::getline(in, line);) {
      std::istringstream numbers(line);
      lists.emplace_back();
      for (TokenId id = 0; numbers >> id;) lists.back().push_back(id);
    }
    return lists;
  }

  std::filesystem::path path_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(VocabularyFile, GivesTheModelsIds) {
  const std::vector<std::string> inputs = texts();
  const std::vector<std::vector<TokenId>> outputs = expected();
  ASSERT_GE(inputs.size(), 40U);
  ASSERT_LE(inputs.size(), outputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (const auto special : {Tokenizer::Special::kIgnore, Tokenizer::Special::kParse})
      EXPECT_EQ(tokenizer_->encode(inputs[i], special), outputs[i])
          << "text " << i << ": " << inputs[i];
}

INSTANTIATE_TEST_SUITE_P(Shared, VocabularyFile,
                         testing::Values("gpt-2", "starcoder", "deepseek-llm", "qwen2", "llama-bpe",
                                         "llama-spm", "phi-3", "bert-bge"),
                         [](const auto& vocabulary) {
                           std::string name = vocabulary.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace nearside::text
