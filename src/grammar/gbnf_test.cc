#include "grammar/gbnf.h"

#include <gtest/gtest.h>

#include "grammar/json_text.h"

namespace nearside::grammar {
namespace {

base::Status read(std::string_view text) {
  Grammar grammar{ExpressionPool()};
  return add_gbnf(text, grammar);
}

TEST(Gbnf, ReadsWhatLlamaCppReads) {
  for (const char* good : {
           "root ::= \"a\"",
           "root ::= \"a\" | \"b\" # comment\n# another\n\nother ::= [^\"\\\\\\x7F\\x00-\\x1F]\n",
           "root ::= (\n  \"a\" x |\n  \"b\"\n)*\nx ::= .{2,3} [a-z]{2} y? \ny ::= \"\\u00e9\\n\"",
           "root ::=\n  item+\nitem ::= \"- \" [^\\n]+ \"\\n\"",
       }) {
    const base::Status status = read(good);
    EXPECT_TRUE(status) << good << ": " << status.error().message;
  }
}

TEST(Gbnf, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"x ::= \"a\"", "root"},
      {"root ::= y", "y"},
      {"root ::= root \"a\" | \"b\"", "begins with itself"},
      {"root ::= a\na ::= b? a \"x\"\nb ::= \"b\"", "begins with itself"},
      {"root ::= \"a", "does not end"},
      {"root ::= [a", "line 1"},
      {"root ::= (\"a\"", "closes"},
      {"root ::= \"a\"{2,1}", "count"},
      {"root ::= \"a\"\nroot ::= \"b\"", "twice"},
      {"root = \"a\"", "::="},
      {"root ::= ä", "not ASCII"},
      {"root ::= \"a\"{1000000}", "count"},
  };
  for (const auto& [text, part] : cases) {
    const base::Status status = read(text);
    ASSERT_FALSE(status) << text;
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.error().message;
  }
}

TEST(Gbnf, NestingIsBounded) {
  EXPECT_FALSE(read("root ::= " + std::string(10'000, '(') + "\"a\""));
}

}  // namespace
}  // namespace nearside::grammar
