#include "train/shape.h"

#include <string>

#include <gtest/gtest.h>

namespace nearside::train {
namespace {

TEST(ModelShape, FillsInWhatFollowsFromTheRest) {
  const auto shape =
      parse_shape(R"({"vocabulary":500,"dim":64,"layers":2,"heads":2,"ffn_dim":96})");
  ASSERT_TRUE(shape) << shape.error().message;
  EXPECT_EQ(shape->kv_heads, 2U);
  EXPECT_EQ(shape->head_dim, 32U);
  EXPECT_EQ(shape->qkv_dim(), 192U);
  EXPECT_TRUE(shape->tied_embeddings);
}

TEST(ModelShape, RefusesWhatDoesNotFitTogetherAndSaysWhy) {
  const struct {
    const char* json;
    const char* says;
  } cases[] = {
      {"[]", "one JSON object"},
      {R"({"dim":64})", "must all be given"},
      {R"({"dims":64})", "\"dims\" is no key"},
      {R"({"dim":-1})", "positive whole number"},
      {R"({"dim":99999999})", "more than"},
      {R"({"vocabulary":5,"dim":64,"layers":2,"heads":3,"kv_heads":2,"head_dim":32,"ffn_dim":96})",
       "cannot share"},
      {R"({"vocabulary":5,"dim":33,"layers":2,"heads":1,"head_dim":32,"ffn_dim":96})",
       "multiples of 32"},
      {R"({"vocabulary":5,"dim":64,"layers":2,"heads":1,"head_dim":33,"ffn_dim":96})", "odd"},
  };
  for (const auto& c : cases) {
    const auto shape = parse_shape(c.json);
    ASSERT_FALSE(shape) << c.json;
    EXPECT_NE(shape.error().message.find(c.says), std::string::npos) << shape.error().message;
  }
}

}  // namespace
}  // namespace nearside::train
