#include "text/special_splitter.h"

#include <gtest/gtest.h>

namespace nearside::text {
namespace {

Vocabulary vocabulary() {
  Vocabulary vocabulary;
  vocabulary.spellings = {"<a>", "<a>b", "<u>", "plain", ""};
  vocabulary.types = {TokenType::kControl, TokenType::kControl, TokenType::kUserDefined,
                      TokenType::kNormal, TokenType::kControl};
  return vocabulary;
}

std::string split(const SpecialSplitter& splitter, std::string_view text,
                  Tokenizer::Special special) {
  std::string out;
  splitter.split(
      text, special, [&](std::string_view plain) { out += "[" + std::string(plain) + "]"; },
      [&](TokenId token) { out += std::to_string(token); });
  return out;
}

TEST(SpecialSplitter, TakesTheLeftmostLongestMatch) {
  const SpecialSplitter splitter(vocabulary());
  EXPECT_EQ(split(splitter, "x<a>b<a><u>plain<a", Tokenizer::Special::kParse), "[x]102[plain<a]");
}

TEST(SpecialSplitter, LeavesControlTokensInTextThatAUserWrote) {
  const SpecialSplitter splitter(vocabulary());
  EXPECT_EQ(split(splitter, "x<a>b<u>", Tokenizer::Special::kIgnore), "[x<a>b]2");
}

TEST(SpecialSplitter, GivesNoEmptyTexts) {
  const SpecialSplitter splitter(vocabulary());
  EXPECT_EQ(split(splitter, "", Tokenizer::Special::kParse), "");
  EXPECT_EQ(split(splitter, "<a><a>", Tokenizer::Special::kParse), "00");
}

TEST(SpecialSplitter, TakesSpacesAfterATokenWhereTheModelDoes) {
  const SpecialSplitter splitter(vocabulary(), true);
  EXPECT_EQ(split(splitter, "<a> \n x <u>\t", Tokenizer::Special::kParse), "0[x ]2");
}

TEST(SpecialSplitter, WhatAUserWroteIsNoControlTokenInARenderedText) {
  const SpecialSplitter splitter(vocabulary());
  const auto read = [&](const std::string& before, std::string_view user,
                        const std::string& behind) {
    return split(splitter, before + splitter.with_breaks(user) + behind,
                 Tokenizer::Special::kParse);
  };
  EXPECT_EQ(read("<a>", "x<a>b<u><a>", "<a>"), "0[x<a>b]2[<a>]0");
  // Together with what stands around it.
  EXPECT_EQ(read("", "<a", ">"), "[<a>]");
  EXPECT_EQ(read("<", "a>", ""), "[<a>]");
  EXPECT_EQ(read("<", "a", ">"), "[<a>]");
  EXPECT_EQ(read("<a", ">b", ""), "[<a>b]");
  EXPECT_EQ(read("", std::string("<") + std::string(Tokenizer::kBreak) + "a>", ""), "[<a>]");
  // Two users' texts without anything between them.
  EXPECT_EQ(split(splitter, splitter.with_breaks("<") + splitter.with_breaks("a>"),
                  Tokenizer::Special::kParse),
            "[<a>]");
}

TEST(SpecialSplitter, OrdinaryTextHasNoBreaks) {
  const SpecialSplitter splitter(vocabulary());
  for (const char* text : {"", "plain", "x < y", "a <b> c", "Grüße", "no > yes"})
    EXPECT_EQ(splitter.with_breaks(text), text);
}

}  // namespace
}  // namespace nearside::text
