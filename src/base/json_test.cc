#include "base/json.h"

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

TEST(ParseJson, ReadsAValue) { EXPECT_EQ(parse_json(R"({"a":[1]})")->at("a").at(0), 1); }

TEST(ParseJson, NamesTheByteOfTheFault) {
  const auto result = parse_json(R"({"a":])");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  EXPECT_NE(result.error().message.find("byte"), std::string::npos);
}

TEST(ParseJson, BoundsTheDepth) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
}

TEST(ParseJson, RefusesInvalidUtf8AndTrailingBytes) {
  EXPECT_FALSE(parse_json("\"\xff\""));
  EXPECT_FALSE(parse_json("1 2"));
}

TEST(JsonStringEnd, IsAfterTheQuoteThatIsNotEscaped) {
  EXPECT_EQ(json_string_end(R"("")", 0), 2U);
  EXPECT_EQ(json_string_end(R"(["a","b"])", 5), 8U);
  EXPECT_EQ(json_string_end(R"("a\\"b")", 0), 5U);
  EXPECT_EQ(json_string_end(R"("a\\\"b")", 0), 8U);
  EXPECT_EQ(json_string_end(R"("\\")", 0), 4U);
  EXPECT_EQ(json_string_end(R"(\"")", 1), 3U);  // what stands before the string is not its own
  for (const std::string_view open : {R"(")", R"("a)", R"("a\)", R"("a\")", R"("\)"})
    EXPECT_EQ(json_string_end(open, 0), open.size()) << open;
}

TEST(JsonStringEnd, IsFoundInLinearTimeWhateverIsEscaped) {
  for (const std::string_view escape : {R"(\n)", R"(\")", R"(\\)"}) {
    std::string text(1, '"');
    while (text.size() < 8U << 20) text += escape;
    text += '"';
    EXPECT_EQ(json_string_end(text, 0), text.size()) << escape;
  }
}

}  // namespace
}  // namespace nearside::base
