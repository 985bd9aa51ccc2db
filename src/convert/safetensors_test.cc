#include "convert/safetensors.h"

#include <cstring>

#include <gtest/gtest.h>

namespace nearside::convert {
namespace {

std::string file(std::string_view header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  bytes += header;
  for (std::size_t i = 0; i < data_bytes; ++i) bytes += static_cast<char>(i);
  return bytes;
}

base::Result<Safetensors> read(const std::string& bytes) {
  return Safetensors::from_bytes(std::as_bytes(std::span(bytes)), "test");
}

TEST(Safetensors, ReadsTensorsOfEachType) {
  const std::string bytes = file(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,3],"data_offsets":[4,16]},)"
      R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("c":{"dtype":"BF16","shape":[],"data_offsets":[16,18]}})",
      18);
  const auto tensors = read(bytes);
  ASSERT_TRUE(tensors) << tensors.error().message;
  ASSERT_EQ(tensors->tensors().size(), 3U);
  EXPECT_EQ(tensors->find("b")->elements(), 6U);
  EXPECT_EQ(tensors->find("d"), nullptr);
  float value = 0;
  read_floats(*tensors->find("c"), 0, {&value, 1});
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, 4);
  EXPECT_EQ(bits, 0x11100000U);
}

TEST(Safetensors, RefusesWhatCannotBe) {
  const auto tensor = [](std::string_view dtype, std::string_view shape, std::string_view offsets) {
    return "{\"a\":{\"dtype\":\"" + std::string(dtype) + "\",\"shape\":" + std::string(shape) +
           ",\"data_offsets\":" + std::string(offsets) + "}}";
  };
  for (const std::string& header :
       {tensor("F32", "[2]", "[0,4]"), tensor("F32", "[2]", "[4,12]"),
        tensor("F32", "[2]", "[8,0]"), tensor("F32", "[-1]", "[0,4]"),
        tensor("F32", "[0]", "[0,0]"), tensor("F32", "[1]", "[0]"),
        tensor("F32", "[4294967296,4294967296]", "[0,0]"), tensor("F32", "2", "[0,8]"),
        std::string("[]"), std::string("{"), std::string("{\"a\":1}"),
        std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                    R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})")}) {
    const auto result = read(file(header, 8));
    ASSERT_FALSE(result) << header;
    EXPECT_EQ(result.error().code, base::Code::kCorrupt) << header;
  }
  EXPECT_EQ(read(file(tensor("I64", "[1]", "[0,8]"), 8)).error().code, base::Code::kUnsupported);
  EXPECT_FALSE(read(std::string("\1\0\0", 3)));
  EXPECT_FALSE(read(std::string(8, '\xff')));
  const std::string truncated = file("{}", 0).substr(0, 9);
  EXPECT_FALSE(read(truncated));
}

}  // namespace
}  // namespace nearside::convert
