// The client's bytes with a few members replaced.
#include "upstream/original.h"

#include <gtest/gtest.h>

namespace nearside::upstream {
namespace {

TEST(Original, ReplacesMembersWhereTheyStand) {
  EXPECT_EQ(with_members(R"({ "model" : "a" , "x":[1.0, {"model":"inner"}],"stream":false })",
                         {{"model", "\"b\""}, {"stream", "true"}}),
            R"({ "model" : "b" , "x":[1.0, {"model":"inner"}],"stream":true })");
}

TEST(Original, AddsWhatIsMissingAtTheEnd) {
  EXPECT_EQ(with_members(R"({"model":"a"})", {{"model", "1"}, {"stream", "true"}}),
            R"({"model":1,"stream":true})");
  EXPECT_EQ(with_members("{ }", {{"a", "1"}, {"b", "2"}}), R"({ "a":1,"b":2})");
}

TEST(Original, KnowsAMemberByItsNameHoweverItIsSpelled) {
  EXPECT_EQ(with_members(R"({"mod\u0065l":"a"})", {{"model", "\"b\""}}), R"({"mod\u0065l":"b"})");
}

TEST(Original, IsNotMisledByWhatStandsInStrings) {
  const std::string text = R"({"a":"}\",\"model\":\"x","b":{"c":"]}"},"model":"m"})";
  EXPECT_EQ(with_members(text, {{"model", "\"n\""}}),
            R"({"a":"}\",\"model\":\"x","b":{"c":"]}"},"model":"n"})");
}

TEST(Original, ReadsScalarsToTheirEnd) {
  EXPECT_EQ(with_members("{\"n\":-1.5e3\n,\"t\":true,\"z\":null}", {{"t", "0"}, {"z", "1"}}),
            "{\"n\":-1.5e3\n,\"t\":0,\"z\":1}");
}

}  // namespace
}  // namespace nearside::upstream
