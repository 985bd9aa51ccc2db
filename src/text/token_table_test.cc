#include "text/token_table.h"

#include <string>

#include <gtest/gtest.h>

#include "text/byte_alphabet.h"

namespace nearside::text {
namespace {

TEST(TokenTable, FindsEveryTokenAndNothingElse) {
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back("token" + std::to_string(i));
  std::vector<TokenTable::Entry> entries;
  for (std::size_t i = 0; i < texts.size(); ++i)
    entries.push_back({texts[i], static_cast<std::int32_t>(i)});
  const TokenTable table = TokenTable::build(entries).value();
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(table.find(texts[i]), static_cast<std::int32_t>(i));
  EXPECT_EQ(table.find("token"), -1);
  EXPECT_EQ(table.find("token5000"), -1);
}

TEST(TokenTable, TellsZeroBytesApart) {
  const std::string one(1, '\0');
  const std::string two(2, '\0');
  const TokenTable table = TokenTable::build({{one, 1}, {two, 2}}).value();
  EXPECT_EQ(table.find(one), 1);
  EXPECT_EQ(table.find(two), 2);
}

TEST(TokenTable, RefusesOneTextTwice) {
  const auto table = TokenTable::build({{"a", 0}, {"b", 1}, {"a", 2}});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, base::Code::kCorrupt);
}

TEST(TokenTable, MayBeEmpty) { EXPECT_EQ(TokenTable::build({}).value().find("a"), -1); }

TEST(ByteAlphabet, SpellsEveryByteAndReadsItBack) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  EXPECT_EQ(unspell_bytes(spell_bytes(bytes)), bytes);
  EXPECT_EQ(spell_bytes(" the\n"), "ĠtheĊ");
}

TEST(ByteAlphabet, ReadsNothingFromOtherCharacters) {
  for (const char* spelling : {" a", "漢", "\u00ad", "\xFF"})
    EXPECT_FALSE(unspell_bytes(spelling)) << spelling;
}

}  // namespace
}  // namespace nearside::text
