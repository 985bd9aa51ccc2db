#include "text/pre_tokenizer.h"

#include <gtest/gtest.h>

namespace nearside::text {
namespace {

std::string cut(std::string_view pre_tokenizer, std::string_view text) {
  std::string out;
  (*find_pre_tokenizer(pre_tokenizer))->split(text, [&](std::string_view word) {
    if (!out.empty()) out += '|';
    out += word;
  });
  return out;
}

struct Case {
  const char* pre_tokenizer;
  const char* text;
  const char* words;
};

// Expected cuts follow from the expressions in split_rules.h, worked out by hand.
constexpr Case kCases[] = {
    {"gpt-2", "Hello, world 12345", "Hello|,| world| 12345"},
    {"gpt-2", "I'm he'LL  x", "I|'m| he|'|LL| | x"},
    {"gpt-2", "a \t b \n", "a| \t| b| \n"},
    {"gpt-2", "a\tb", "a|\t|b"},
    {"gpt-2", "été \u0301x", "été| \u0301|x"},
    {"starcoder", "x 12 y34", "x| |1|2| y|3|4"},
    {"llama-bpe", "I'M x1234 (ok)\n\n y", "I|'M| x|123|4| (|ok|)\n\n| y"},
    {"llama-bpe", "  two\r\n\r\n  z", " | two|\r\n\r\n| | z"},
    {"llama-bpe", " \n a", " \n| a"},
    {"llama-bpe", "$x _y -1", "$x| _|y| -|1"},
    {"qwen2", "P-1042!", "P|-|1|0|4|2|!"},
    {"qwen2", "ना", "न|ा"},
    {"qwen35", "ना", "ना"},
    {"ufakzeka", "can't", "can|'t"},
    {"ufakzeka", "Ali'lla", "Ali|'lla"},
    {"qwen2", "Ali'lla", "Ali|'ll|a"},
    {"seed-coder", "x!\n", "x|!|\n"},
    {"qwen2", "x!\n", "x|!\n"},
    {"tekken", "HTTPServer getURL x's", "HTTPServer| get|URL| x|'s"},
    {"tekken", "ÉCOLE École 12", "ÉCOLE| École| |1|2"},
    {"tekken", "a/b//\n", "a|/b|//\n"},
    {"gpt-4o", "I'll DON'T 1234", "I'll| DON'T| |123|4"},
    {"gpt-4o", "漢字ABCdef", "漢字ABCdef"},
    {"gpt-4o", "漢字ABC", "漢字|ABC"},
    {"deepseek-llm", "a, b 123\n漢字x", "a|,| b| |123|\n|漢字|x"},
    {"deepseek-coder", "x 12 !?", "x| |1|2| !?"},
    {"deepseek-v3", "x 1234 漢字かな", "x| |123|4| |漢字かな"},
    {"deepseek-v3", "@name (x)", "@name| (|x|)"},
    {"falcon", "a,b 1234", "a|,|b| |123|4"},
    {"bloom", "one two, (three", "one| two|, (|three"},
    {"default", "ab12345+=c", "ab|123|45|+=|c"},
};

TEST(PreTokenizer, CutsAsTheModelsExpressionsSay) {
  for (const Case& example : kCases)
    EXPECT_EQ(cut(example.pre_tokenizer, example.text), example.words)
        << example.pre_tokenizer << ": " << example.text;
}

constexpr const char* kAll[] = {
    "llama-bpe",   "dbrx",   "qwen2", "qwen35",    "ufakzeka",     "seed-coder",
    "tekken",      "gpt-4o", "gpt-2", "starcoder", "deepseek-llm", "deepseek-coder",
    "deepseek-v3", "falcon", "bloom", "viking",    "default"};

TEST(PreTokenizer, LosesNothingOfAText) {
  const std::string text =
      "Ünï 12\r\n\n  x's \u3000漢字 🦙\u200d🦙 \u0301 'LL \t\u0085 ½Ⅷ $+<=>^~|` Ǆǆ "
      "ﬁ "
      "// "
      "...\n ";
  for (const char* name : kAll) {
    std::string joined;
    (*find_pre_tokenizer(name))->split(text, [&](std::string_view word) { joined += word; });
    EXPECT_EQ(joined, text) << name;
  }
}

// Were any rule quadratic on these, the test would not come to an end.
TEST(PreTokenizer, WalksHostileTextsOnce) {
  const std::size_t size = 100'000;
  std::vector<std::string> texts = {std::string(size, ' ') + "x", std::string(size, '\n'),
                                    std::string(size, 'A'),       std::string(size, '1'),
                                    std::string(size, '\''),      std::string(size, '/')};
  std::string mixed;
  while (mixed.size() < size) mixed += "漢A";
  texts.push_back(mixed + std::string(size, 'A'));
  std::string lines;
  while (lines.size() < size) lines += " \n   ";
  texts.push_back(lines + std::string(size, ' ') + "x");
  for (const char* name : kAll)
    for (const std::string& text : texts) {
      std::size_t bytes = 0;
      (*find_pre_tokenizer(name))->split(text, [&](std::string_view word) {
        bytes += word.size();
      });
      EXPECT_EQ(bytes, text.size()) << name;
    }
}

TEST(PreTokenizer, NamesWhatItDoesNotKnow) {
  const auto found = find_pre_tokenizer("klingon");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, base::Code::kUnsupported);
  EXPECT_NE(found.error().message.find("klingon"), std::string::npos);
}

}  // namespace
}  // namespace nearside::text
