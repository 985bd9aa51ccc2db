#include "kernels/format.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::kernels {
namespace {

std::vector<float> gaussian(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0.0f, 1.0f);
  std::vector<float> out(n);
  for (float& value : out) value = distribution(random);
  return out;
}

std::vector<float> round_trip(const Format& format, const std::vector<float>& values) {
  std::vector<std::byte> row(format.row_bytes(values.size()));
  format.quantize_row(values.data(), values.size(), row.data());
  std::vector<float> out(values.size());
  format.dequantize_row(row.data(), values.size(), out.data());
  return out;
}

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

std::vector<float> dequantize(gguf::TensorType type, const std::vector<std::byte>& row) {
  const Format& chosen = format(type);
  std::vector<float> out(row.size() / chosen.block_bytes * chosen.block_elements);
  chosen.dequantize_row(row.data(), out.size(), out.data());
  return out;
}

class EveryFormat : public testing::TestWithParam<const Format*> {};

TEST_P(EveryFormat, HasTheBlockTheFileFormatSays) {
  const gguf::TensorTypeInfo& info = gguf::tensor_type_info(GetParam()->type);
  EXPECT_EQ(GetParam()->name, info.name);
  EXPECT_EQ(GetParam()->block_elements, info.block_elements);
  EXPECT_EQ(GetParam()->block_bytes, info.block_bytes);
}

// Bounds of the root mean square error on standard normal values, in units of their deviation. They
// follow from bits per weight (an ideal uniform quantiser of b bits over +-3.3 sigma has step
// 6.6 / 2^b and error step / sqrt(12)), loosened by a tenth for the scales' own rounding.
TEST_P(EveryFormat, QuantizesWithTheErrorItsBitsAllow) {
  const std::vector<float> values = gaussian(256 * 64, 1);
  const std::vector<float> back = round_trip(*GetParam(), values);
  double squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    squares += (values[i] - back[i]) * (values[i] - back[i]);
  const double error = std::sqrt(squares / static_cast<double>(values.size()));
  // The first digit of the name: the bits of a weight without its share of the scales.
  const double bits = GetParam()->name[GetParam()->name.find_first_of("23456789")] - '0';
  RecordProperty("rms_error", std::to_string(error));
  if (GetParam()->block_elements == 1) {  // floats: bfloat16 keeps 8 bits of each value's own size
    EXPECT_LE(error, 0x1p-9);
    return;
  }
  EXPECT_LT(error, 1.1 * 6.6 / std::pow(2.0, bits) / std::sqrt(12.0));
}

TEST_P(EveryFormat, QuantizesZerosToZerosAndKeepsTinyAndHugeFinite) {
  for (const float value : {0.0f, 1e-42f, -1e-38f, 1e-6f, 3e4f}) {
    std::vector<float> values(256, value);
    values[3] = -value;
    for (const float back : round_trip(*GetParam(), values)) {
      EXPECT_TRUE(std::isfinite(back)) << value;
      EXPECT_TRUE(value != 0.0f || back == 0.0f);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernel, EveryFormat, testing::ValuesIn(formats()),
                         [](const auto& given) { return std::string(given.param->name); });

TEST(Format, Q4_0DecodesLowHalvesFirstAndSubtractsEight) {
  // d = 0.5; byte i holds i in its low half and 15 - i in its high half.
  std::vector<std::byte> row = bytes_of({0x00, 0x38});
  for (int i = 0; i < 16; ++i) row.push_back(static_cast<std::byte>(i | (15 - i) << 4));
  const std::vector<float> out = dequantize(gguf::TensorType::kQ4_0, row);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(out[i], 0.5f * (static_cast<float>(i) - 8));
    EXPECT_EQ(out[i + 16], 0.5f * (7 - static_cast<float>(i)));
  }
}

TEST(Format, Q8_0DecodesEveryByte) {
  for (int start = -128; start < 128; start += 32) {
    std::vector<std::byte> row = bytes_of({0x00, 0x3c});  // d = 1
    for (int i = 0; i < 32; ++i) row.push_back(static_cast<std::byte>(start + i));
    const std::vector<float> out = dequantize(gguf::TensorType::kQ8_0, row);
    for (int i = 0; i < 32; ++i)
      EXPECT_EQ(out[static_cast<std::size_t>(i)], static_cast<float>(start + i));
  }
}

TEST(Format, Q4_KUnpacksSixBitScalesAndMinima) {
  // d = 1, dmin = 1. Scales of sub-blocks 0..3 are 1, 2, 3, 63, minima 0, 1, 2, 62; sub-blocks 4..7
  // have scales 17, 34, 51, 60 and minima 16, 33, 50, 63.
  std::vector<std::byte> row = bytes_of(
      {0x00, 0x3c, 0x00, 0x3c, 0x01 | 0x40, 0x02 | 0x80, 0x03 | 0xc0, 0x3f | 0xc0, 0x00 | 0x40,
       0x01 | 0x80, 0x02 | 0xc0, 0x3e | 0xc0, 0x01 | 0x00, 0x02 | 0x10, 0x03 | 0x20, 0x0c | 0xf0});
  for (int i = 0; i < 128; ++i) row.push_back(static_cast<std::byte>(1 | 2 << 4));
  const std::vector<float> out = dequantize(gguf::TensorType::kQ4_K, row);
  const float scales[8] = {1, 2, 3, 63, 17, 34, 51, 60};
  const float minima[8] = {0, 1, 2, 62, 16, 33, 50, 63};
  for (std::size_t sub = 0; sub < 8; ++sub) {
    const float q = sub % 2 == 0 ? 1 : 2;
    EXPECT_EQ(out[32 * sub], scales[sub] * q - minima[sub]) << sub;
    EXPECT_EQ(out[32 * sub + 31], scales[sub] * q - minima[sub]) << sub;
  }
}

TEST(Format, Q5_KTakesTheFifthBitFromTheSubBlocksOwnBit) {
  std::vector<std::byte> row =
      bytes_of({0x00, 0x3c, 0x00, 0x00, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1});
  for (int i = 0; i < 32; ++i) row.push_back(static_cast<std::byte>(i == 5 ? 0xaa : 0x00));
  for (int i = 0; i < 128; ++i) row.push_back(static_cast<std::byte>(0x73));
  const std::vector<float> out = dequantize(gguf::TensorType::kQ5_K, row);
  for (std::size_t sub = 0; sub < 8; ++sub) {
    const float low = sub % 2 == 0 ? 3 : 7;
    EXPECT_EQ(out[32 * sub + 4], low);
    EXPECT_EQ(out[32 * sub + 5], low + (sub % 2 == 1 ? 16.0f : 0.0f));
  }
}

TEST(Format, Q6_KPlacesQuartersOfEachHalf) {
  // All low bits 0 but those of elements 0, 32, 64, 96 (of the first half); scales 1..16; d = 1.
  std::vector<std::byte> row(210);
  row[0] = static_cast<std::byte>(0x01 | 0x03 << 4);   // elements 0 and 64
  row[32] = static_cast<std::byte>(0x02 | 0x04 << 4);  // elements 32 and 96
  row[128] = static_cast<std::byte>(0 | 1 << 2 | 2 << 4 | 3 << 6);
  for (std::size_t i = 0; i < 16; ++i) row[192 + i] = static_cast<std::byte>(i + 1);
  row[209] = static_cast<std::byte>(0x3c);
  const std::vector<float> out = dequantize(gguf::TensorType::kQ6_K, row);
  EXPECT_EQ(out[0], 1 * (1.0f - 32));
  EXPECT_EQ(out[32], 3 * (2.0f + 16 - 32));
  EXPECT_EQ(out[64], 5 * (3.0f + 32 - 32));
  EXPECT_EQ(out[96], 7 * (4.0f + 48 - 32));
  EXPECT_EQ(out[16], 2 * -32.0f);
  EXPECT_EQ(out[255], 16 * -32.0f);
}

TEST(Format, Q4_1AddsItsMinimum) {
  std::vector<std::byte> row = bytes_of({0x00, 0x40, 0x00, 0xbc});  // d = 2, m = -1
  for (int i = 0; i < 16; ++i) row.push_back(static_cast<std::byte>(i | (15 - i) << 4));
  const std::vector<float> out = dequantize(gguf::TensorType::kQ4_1, row);
  EXPECT_EQ(out[0], -1);
  EXPECT_EQ(out[15], 29);
  EXPECT_EQ(out[16], 29);
  EXPECT_EQ(out[31], -1);
}

TEST(Format, Q5_0AndQ5_1TakeTheFifthBitFromOneWord) {
  // Fifth bits of elements 0, 8 and 31; low bits 1 and 2.
  std::vector<std::byte> tail = bytes_of({0x01, 0x01, 0x00, 0x80});
  for (int i = 0; i < 16; ++i) tail.push_back(static_cast<std::byte>(0x21));
  std::vector<std::byte> row = bytes_of({0x00, 0x3c});  // d = 1
  row.insert(row.end(), tail.begin(), tail.end());
  std::vector<float> out = dequantize(gguf::TensorType::kQ5_0, row);
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[1], -15);
  EXPECT_EQ(out[8], 1);
  EXPECT_EQ(out[30], -14);
  EXPECT_EQ(out[31], 2);
  row = bytes_of({0x00, 0x3c, 0x00, 0x38});  // d = 1, m = 0.5
  row.insert(row.end(), tail.begin(), tail.end());
  out = dequantize(gguf::TensorType::kQ5_1, row);
  EXPECT_EQ(out[0], 17.5f);
  EXPECT_EQ(out[16], 2.5f);
  EXPECT_EQ(out[31], 18.5f);
}

TEST(Format, IQ4_NLLooksItsStepsUp) {
  std::vector<std::byte> row = bytes_of({0x00, 0x3c});
  for (int i = 0; i < 16; ++i) row.push_back(static_cast<std::byte>(i | 8 << 4));
  const std::vector<float> out = dequantize(gguf::TensorType::kIQ4_NL, row);
  EXPECT_EQ(out[0], -127);
  EXPECT_EQ(out[7], -10);
  EXPECT_EQ(out[15], 113);
  EXPECT_EQ(out[16], 1);
}

TEST(Format, MXFP4IsTinyFloatsUnderAPowerOfTwo) {
  std::vector<std::byte> row = bytes_of({128});  // times two
  for (int i = 0; i < 16; ++i) row.push_back(static_cast<std::byte>(i));
  const std::vector<float> out = dequantize(gguf::TensorType::kMXFP4, row);
  const float values[8] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(out[i], 2 * values[i]);
    EXPECT_EQ(out[i + 8], -2 * values[i]);
  }
}

TEST(Format, Q2_KHasAScaleAndAMinimumInEachByte) {
  std::vector<std::byte> row(84);
  for (std::size_t i = 0; i < 16; ++i) row[i] = static_cast<std::byte>(i | (15 - i) << 4);
  row[16] = static_cast<std::byte>(0b11100100);       // elements 0, 32, 64, 96: 0, 1, 2, 3
  row[16 + 33] = static_cast<std::byte>(0b00000010);  // element 129: 2
  row[81] = static_cast<std::byte>(0x3c);             // d = 1
  row[83] = static_cast<std::byte>(0x40);             // dmin = 2
  const std::vector<float> out = dequantize(gguf::TensorType::kQ2_K, row);
  EXPECT_EQ(out[0], -30);
  EXPECT_EQ(out[32], 2 * 1 - 2 * 13);
  EXPECT_EQ(out[64], 4 * 2 - 2 * 11);
  EXPECT_EQ(out[96], 6 * 3 - 2 * 9);
  EXPECT_EQ(out[129], 8 * 2 - 2 * 7);
}

TEST(Format, Q3_KSpreadsItsScalesOverTwelveBytes) {
  std::vector<std::byte> row(110);
  row[0] = static_cast<std::byte>(0b00000011);        // third bits of elements 0 and 32
  row[32] = static_cast<std::byte>(0b00001101);       // low bits 1 and 3
  row[96 + 0] = static_cast<std::byte>(0x05 | 0x70);  // low bits of scales 0 and 8
  row[96 + 2] = static_cast<std::byte>(0x09);         // low bits of scale 2
  row[96 + 8] = static_cast<std::byte>(0b00110010);   // high bits of scales 0 (2) and 8 (3)
  row[96 + 10] = static_cast<std::byte>(0b00000011);  // high bits of scale 2
  row[109] = static_cast<std::byte>(0x3c);
  const std::vector<float> out = dequantize(gguf::TensorType::kQ3_K, row);
  EXPECT_EQ(out[0], (5 + 32 - 32) * (1 + 4 - 4));
  EXPECT_EQ(out[1], (5 + 32 - 32) * -4);
  EXPECT_EQ(out[32], (9 + 48 - 32) * (3 + 4 - 4));
  EXPECT_EQ(out[128], (7 + 48 - 32) * -4);
}

TEST(Format, WiderFormatsSayTheSameWeights) {
  const std::vector<float> values = gaussian(512, 2);
  for (const Format* narrow : formats()) {
    if (narrow->wider.widen_row == nullptr) continue;
    const Format& wide = format(narrow->wider.type);
    std::vector<std::byte> row(narrow->row_bytes(values.size()));
    std::vector<std::byte> wide_row(wide.row_bytes(values.size()));
    narrow->quantize_row(values.data(), values.size(), row.data());
    narrow->wider.widen_row(row.data(), values.size(), wide_row.data());
    EXPECT_EQ(dequantize(narrow->type, row), dequantize(wide.type, wide_row)) << narrow->name;
  }
}

TEST(Format, UnknownTypesHaveNone) {
  EXPECT_EQ(find_format(static_cast<gguf::TensorType>(4)), nullptr);
}

}  // namespace
}  // namespace nearside::kernels
