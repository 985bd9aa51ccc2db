#include "cli/model_description.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "gguf/writer.h"

namespace nearside::cli {
namespace {

struct Described {
  std::string bytes;
  std::string text;
  base::json::object json;
};

Described describe(const gguf::Writer& writer) {
  Described described{writer.to_bytes(), {}, {}};
  const gguf::File file =
      gguf::File::from_bytes(std::as_bytes(std::span(described.bytes)), "m.gguf").value();
  described.text = describe_text(file, "m.gguf");
  described.json = describe_json(file, "m.gguf");
  return described;
}

TEST(ModelDescription, AbridgesLongArrays) {
  gguf::Writer writer;
  writer.add("a.ids", std::vector<std::int32_t>(1000, -7));
  const Described described = describe(writer);

  const auto& array = described.json.at("metadata").at("a.ids");
  EXPECT_EQ(array.at("count").as_uint64(), 1000U);
  EXPECT_EQ(array.at("element_type").as_string(), "i32");
  EXPECT_EQ(array.at("first").as_array().size(), kArrayElementsShown);
  EXPECT_EQ(array.at("first").at(0).as_int64(), -7);
  EXPECT_NE(described.text.find("i32[1000]"), std::string::npos);
  EXPECT_NE(described.text.find("-7, ...]"), std::string::npos);
}

TEST(ModelDescription, CannotDriveTheTerminal) {
  gguf::Writer writer;
  writer.add("a.\x1b[2J", std::string("red \x1b[31m"));
  writer.add("a.tokens", std::vector<std::string>{"\xFF\xFE"});
  const Described described = describe(writer);

  EXPECT_EQ(described.text.find('\x1b'), std::string::npos);
  EXPECT_NE(described.text.find("\\x1b[31m"), std::string::npos);
  EXPECT_NE(described.text.find("\\xff\\xfe"), std::string::npos);
  EXPECT_TRUE(base::parse_json(base::json::serialize(described.json)));
}

TEST(ModelDescription, WritesNumbersThatReadBackShort) {
  gguf::Writer writer;
  writer.add("a.epsilon", 1e-6F);
  writer.add("a.scores",
             std::vector<float>{0.1F, std::nanf(""), std::numeric_limits<float>::infinity()});
  const Described described = describe(writer);

  const auto& metadata = described.json.at("metadata");
  EXPECT_EQ(metadata.at("a.epsilon").at("value").as_double(), 1e-6);
  EXPECT_EQ(metadata.at("a.scores").at("first").at(0).as_double(), 0.1);
  EXPECT_TRUE(metadata.at("a.scores").at("first").at(1).is_null());
  EXPECT_TRUE(metadata.at("a.scores").at("first").at(2).is_null());
}

TEST(ModelDescription, SumsTensors) {
  gguf::Writer writer;
  writer.add_tensor("w", gguf::TensorType::kQ8_0, {64, 3}, [](std::span<std::byte>) {});
  const Described described = describe(writer);

  EXPECT_EQ(described.json.at("parameters").as_uint64(), 192U);
  EXPECT_EQ(described.json.at("weight_bytes").as_uint64(), 204U);
  EXPECT_NE(described.text.find("[64, 3]"), std::string::npos);
}

}  // namespace
}  // namespace nearside::cli
