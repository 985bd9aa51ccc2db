#include "gguf/tensor_type.h"

#include <gtest/gtest.h>

namespace nearside::gguf {
namespace {

TEST(TensorType, IsFoundByNumberAndByName) {
  EXPECT_EQ(tensor_type_info(std::uint32_t{12})->name, "Q4_K");
  EXPECT_EQ(tensor_type_by_name("q4_k"), TensorType::kQ4_K);
  EXPECT_EQ(tensor_type_by_name("BF16"), TensorType::kBF16);
  EXPECT_EQ(tensor_type_by_name("Q4"), std::nullopt);
  EXPECT_EQ(tensor_type_info(TensorType::kMXFP4).block_bytes, 17U);
}

TEST(TensorType, RefusesNumbersThatAreNotRead) {
  // 4 and 5 were removed from the format; the last is a negative number.
  for (const std::uint32_t number : {4U, 5U, 15U, 31U, 1000U, 0xFFFFFFFFU})
    EXPECT_FALSE(tensor_type_info(number)) << number;
}

TEST(TensorType, CountsBytesInWholeBlocks) {
  EXPECT_EQ(tensor_bytes(TensorType::kF32, 3), 12U);
  EXPECT_EQ(tensor_bytes(TensorType::kQ8_0, 64), 68U);
  EXPECT_EQ(tensor_bytes(TensorType::kQ6_K, 512), 420U);
}

}  // namespace
}  // namespace nearside::gguf
