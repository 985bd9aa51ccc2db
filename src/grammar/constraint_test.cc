#include "grammar/constraint.h"

#include <gtest/gtest.h>

namespace nearside::grammar {
namespace {

/// Every byte is a token, then some longer ones, then the end.
const std::shared_ptr<const Lexicon>& lexicon() {
  static const std::shared_ptr<const Lexicon> instance = [] {
    std::vector<std::string> bytes;
    for (int byte = 0; byte < 256; ++byte) bytes.emplace_back(1, static_cast<char>(byte));
    for (const char* more :
         {"\", \"", "\":", "{\"", "true", "abc", "\"}", "\":\"", "  ", "12", "é"})
      bytes.emplace_back(more);
    bytes.emplace_back();
    return Lexicon::create(std::move(bytes), {static_cast<text::TokenId>(bytes.size() - 1)})
        .value();
  }();
  return instance;
}

base::Result<std::shared_ptr<Constraint>> compile(Spec::Kind kind, std::string text) {
  return Constraint::compile({kind, std::move(text)}, lexicon());
}

/// Whether the text, byte by byte, is a whole answer. Masks have to say the same as steps.
bool accepts(const std::shared_ptr<Constraint>& constraint, std::string_view text) {
  Matcher matcher(constraint);
  std::vector<std::uint32_t> mask(lexicon()->mask_words());
  for (const char byte : text) {
    const auto token = static_cast<text::TokenId>(static_cast<unsigned char>(byte));
    EXPECT_TRUE(matcher.fill_mask(mask));
    const bool allowed = (mask[static_cast<std::size_t>(token) / 32] >> (token % 32)) & 1;
    EXPECT_EQ(allowed, matcher.accept(token)) << text;
    if (!allowed) return false;
  }
  return matcher.may_end();
}

bool accepts(Spec::Kind kind, std::string spec, std::string_view text) {
  const auto constraint = compile(kind, std::move(spec));
  EXPECT_TRUE(constraint) << constraint.error().message;
  return constraint && accepts(*constraint, text);
}

TEST(Constraint, AnyJsonObject) {
  const auto constraint = compile(Spec::Kind::kJsonObject, "").value();
  for (const char* good :
       {"{}", R"({"a":1})", R"({"a": [1, -2.5e3, {"b": null}], "é\n": "x\u00e9"})",
        "{\n  \"a\": true\n}"})
    EXPECT_TRUE(accepts(constraint, good)) << good;
  for (const char* bad :
       {"[]", "{", R"({"a"})", R"({"a":01})", R"({"a":1,})", "{\"a\":\"\n\"}", "1"})
    EXPECT_FALSE(accepts(constraint, bad)) << bad;
}

TEST(Constraint, Regex) {
  EXPECT_TRUE(accepts(Spec::Kind::kRegex, "(a|b){2,3}c", "abbc"));
  EXPECT_FALSE(accepts(Spec::Kind::kRegex, "(a|b){2,3}c", "ac"));
}

TEST(Constraint, Gbnf) {
  const char* const grammar = R"x(
root ::= sum
sum ::= term (" + " term)*   # no brackets left open
term ::= [0-9]+ | "(" sum ")"
)x";
  EXPECT_TRUE(accepts(Spec::Kind::kGbnf, grammar, "1 + (22 + (3))"));
  EXPECT_FALSE(accepts(Spec::Kind::kGbnf, grammar, "1 + (22"));
}

}  // namespace
}  // namespace nearside::grammar
