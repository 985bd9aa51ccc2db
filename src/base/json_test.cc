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

}  // namespace
}  // namespace nearside::base
