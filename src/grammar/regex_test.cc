#include "grammar/regex.h"

#include <gtest/gtest.h>

namespace nearside::grammar {
namespace {

struct Case {
  const char* pattern;
  const char* text;
  bool matches;
};

bool matches(std::string_view pattern, RegexUse use, RegexText kind, std::string_view text) {
  ExpressionPool pool;
  const auto regex = parse_regex(pattern, use);
  EXPECT_TRUE(regex) << pattern << ": " << regex.error().message;
  return regex && pool.matches(to_expression(*regex, kind, pool), text);
}

TEST(Regex, FindsAPartOfTheTextBetweenItsAnchors) {
  // Expected values: re.search of Python 3.11 with re.ASCII.
  const Case cases[] = {
      {"b", "abc", true},
      {"^b", "abc", false},
      {"^a.*c$", "abc", true},
      {"c$", "cb", false},
      {"^$|^x+$", "", true},
      {"^$|^x+$", "xx", true},
      {"^$|^x+$", "xy", false},
      {"a|^b|c$", "xb", false},
      {"a|^b|c$", "xbc", true},
      {"^([^,]+(,|$)){3,}$", "a,b,c", true},
      {"^([^,]+(,|$)){3,}$", "a,b", false},
      {"(^|,)x(,|$)", "a,x", true},
      {"(^|,)x(,|$)", "ax", false},
      {"^(/?((\\.{2})|([a-z0-9\\-]*))($|/))*$", "../a-b/", true},
      {"^\\d{2,3}$", "12", true},
      {"^\\d{2,3}$", "1234", false},
      {"^[^a-c\\]]+$", "d]", false},
      {"^[\\w.-]+$", "a_1.-", true},
      {"^[a-zA-Z0-9-_]*$", "-_", true},
      {"^x{,2}$", "x{,2}", true},
      {"^(?:ab)+?$", "abab", true},
      {"^(?<n>a)$", "a", true},
      {"^\\u00e9\\x41\\/$", "éA/", true},
      {"^.$", "é", true},
      {"^.$", "\n", false},
      {"^[\\s\\S]$", "\n", true},
      {"^[à-ü]$", "é", true},
      {"^a?b?c?$", "ac", true},
      {"a$b", "ab", false},
  };
  for (const auto& [pattern, text, expected] : cases)
    EXPECT_EQ(matches(pattern, RegexUse::kSearch, RegexText::kPlain, text), expected)
        << pattern << " on " << text;
}

TEST(Regex, InsideAJsonStringQuotesAndControlCharactersAreEscaped) {
  EXPECT_TRUE(matches("^\"\\n\\\\.$", RegexUse::kSearch, RegexText::kJsonString, "\\\"\\n\\\\x"));
  EXPECT_FALSE(matches("^.$", RegexUse::kSearch, RegexText::kJsonString, "\""));
  EXPECT_TRUE(matches("^\\x01$", RegexUse::kSearch, RegexText::kJsonString, "\\u0001"));
}

TEST(Regex, WhatIsNotRegularIsRefusedByName) {
  for (const char* pattern : {"(?=a)", "(?!a)", "(?<=a)b", "(a)\\1", "\\bword", "\\p{L}", "a**"}) {
    const auto regex = parse_regex(pattern, RegexUse::kSearch);
    ASSERT_FALSE(regex) << pattern;
    EXPECT_EQ(regex.error().code, base::Code::kUnsupported) << pattern;
  }
}

TEST(Regex, MalformedOnesAreRefused) {
  for (const char* pattern : {"(", ")", "[a", "a{3,2}", "*a", "\\", "[z-a]", "\\x1", "\xff"}) {
    const auto regex = parse_regex(pattern, RegexUse::kWhole);
    ASSERT_FALSE(regex) << pattern;
    EXPECT_EQ(regex.error().code, base::Code::kInvalidArgument) << pattern;
  }
}

TEST(Regex, HostileOnesAreBounded) {
  const std::string deep(100'000, '(');
  EXPECT_FALSE(parse_regex(deep, RegexUse::kSearch));
  EXPECT_FALSE(parse_regex(deep.substr(0, 1000), RegexUse::kSearch));
  EXPECT_FALSE(parse_regex("a{1000000}", RegexUse::kSearch));
  std::string anchors;
  for (int i = 0; i < 10'000; ++i) anchors += "a?$?";
  EXPECT_FALSE(parse_regex(anchors, RegexUse::kSearch));
}

}  // namespace
}  // namespace nearside::grammar
