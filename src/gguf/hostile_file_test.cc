// One test for each published way to break a GGUF reader: the file must be refused with a clear
// error, and never crash, read past its end or allocate what it claims. The names of the tests say
// what the file does; the comments say where it broke a reader before.
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "gguf/file.h"
#include "gguf/hostile_bytes_for_test.h"
#include "gguf/writer.h"

namespace nearside::gguf {
namespace {

using base::Code;

/// REQUIRES: refused. The sentence names the file and the place.
void expect_refused(const base::Result<File>& file, Code code, std::string_view said) {
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, code) << file.error().message;
  EXPECT_NE(file.error().message.find("hostile.gguf: at byte"), std::string::npos)
      << file.error().message;
  EXPECT_NE(file.error().message.find(said), std::string::npos) << file.error().message;
}

// CVE-2024-23605: the count times the size of an entry wrapped to a short buffer.
TEST(HostileGguf, RefusesAMetadataCountThatWouldOverflow) {
  for (const std::uint64_t count : {kHuge, kHuge / 48 + 2, std::uint64_t{1} << 40})
    expect_refused(Bytes().header(0, count).data(64).open(), Code::kCorrupt, "metadata values");
}

// CVE-2024-21836.
TEST(HostileGguf, RefusesATensorCountThatWouldOverflow) {
  for (const std::uint64_t count : {kHuge, kHuge / 88 + 2, std::uint64_t{1} << 40})
    expect_refused(Bytes().header(count, 0).data(64).open(), Code::kCorrupt, "tensors");
}

// CVE-2024-21802: the number of dimensions indexed a fixed array of four.
TEST(HostileGguf, RefusesMoreThanFourDimensions) {
  for (const std::uint32_t count : {0U, 5U, 0xFFFFFFFFU})
    expect_refused(Bytes().header(1, 0).string("t").u32(count).data(256).open(), Code::kCorrupt,
                   "dimensions, not 1 to 4");
}

TEST(HostileGguf, RefusesDimensionsWhoseProductOverflows) {
  expect_refused(Bytes()
                     .header(1, 0)
                     .tensor("t", {1U << 31, 1U << 31, 1U << 31, 2}, TensorType::kF32, 0)
                     .data(64)
                     .open(),
                 Code::kCorrupt, "overflows");
}

TEST(HostileGguf, RefusesADimensionOfZero) {
  expect_refused(Bytes().header(1, 0).tensor("t", {32, 0}, TensorType::kF32, 0).data(64).open(),
                 Code::kCorrupt, "dimension of 0");
}

// CVE-2024-21825.
TEST(HostileGguf, RefusesAnArrayLongerThanTheFile) {
  for (const ValueType type : {ValueType::kUint8, ValueType::kFloat64, ValueType::kString})
    for (const std::uint64_t count : {kHuge, kHuge / 8 + 2, std::uint64_t{1} << 33})
      expect_refused(Bytes()
                         .header(0, 1)
                         .string("k")
                         .type(ValueType::kArray)
                         .type(type)
                         .u64(count)
                         .data(64)
                         .open(),
                     Code::kCorrupt, "array elements");
}

// CVE-2024-23496: length plus one wrapped to an allocation of nothing.
TEST(HostileGguf, RefusesAStringLengthThatWouldOverflow) {
  for (const std::uint64_t length : {kHuge, kHuge - 1, std::uint64_t{1} << 63}) {
    expect_refused(Bytes().header(0, 1).u64(length).data(64).open(), Code::kCorrupt, "claims");
    expect_refused(
        Bytes().header(0, 1).string("k").type(ValueType::kString).u64(length).data(64).open(),
        Code::kCorrupt, "claims");
    expect_refused(Bytes().header(1, 0).u64(length).data(64).open(), Code::kCorrupt, "claims");
  }
}

// CVE-2024-32878: an error half-way through the metadata freed a pointer never set.
TEST(HostileGguf, CleansUpWhenALaterEntryIsBroken) {
  Bytes bytes;
  bytes.header(0, 3).string("a").type(ValueType::kString).string("text");
  bytes.string("b").type(ValueType::kArray).type(ValueType::kString).u64(2).string("x").u64(kHuge);
  expect_refused(bytes.data(32).open(), Code::kCorrupt, "claims");
}

// CVE-2024-41130: the parser's failure was used as if it were a file.
TEST(HostileGguf, ReturnsAnErrorAndNoFileForBytesThatAreNotGguf) {
  expect_refused(Bytes().raw("GGML").data(64).open(), Code::kCorrupt, "not a GGUF file");
  expect_refused(Bytes().raw("GG").open(), Code::kCorrupt, "magic number");
  expect_refused(Bytes().open(), Code::kCorrupt, "magic number");
}

// CVE-2025-53630 and CVE-2026-27940: the sum of padded tensor sizes wrapped.
TEST(HostileGguf, RefusesTensorsWhoseSizesSumPast64Bits) {
  const std::uint64_t half = (std::uint64_t{1} << 61) - 8;
  Bytes bytes;
  bytes.header(3, 0);
  bytes.tensor("a", {half}, TensorType::kF32, 0);
  bytes.tensor("b", {half}, TensorType::kF32, half * 4);
  bytes.tensor("c", {64}, TensorType::kF32, 0);
  expect_refused(bytes.data(1024).open(), Code::kCorrupt, "past the 1024 bytes");
}

// CVE-2026-27940: the overhead added to the sum wrapped; here offset plus size does.
TEST(HostileGguf, RefusesAnOffsetThatWrapsTogetherWithTheSize) {
  expect_refused(
      Bytes().header(1, 0).tensor("t", {64}, TensorType::kF32, kHuge - 31).data(512).open(),
      Code::kCorrupt, "past the 512 bytes");
}

// CVE-2026-33298: element count times element size wrapped to a few megabytes.
TEST(HostileGguf, RefusesATensorOfExabytes) {
  expect_refused(Bytes()
                     .header(1, 0)
                     .tensor("t", {std::uint64_t{1} << 62, 1, 1, 1}, TensorType::kF32, 0)
                     .data(64)
                     .open(),
                 Code::kCorrupt, "overflows");
  expect_refused(Bytes()
                     .header(1, 0)
                     .tensor("t", {std::uint64_t{1} << 60}, TensorType::kF32, 0)
                     .data(64)
                     .open(),
                 Code::kCorrupt, "past the 64 bytes");
}

// No number: block size times elements, taken before the division by the block's elements, wrapped.
TEST(HostileGguf, RefusesAQuantisedTensorWhoseByteProductWraps) {
  for (const TensorType type : {TensorType::kQ4_0, TensorType::kQ8_0, TensorType::kQ6_K}) {
    const TensorTypeInfo& info = tensor_type_info(type);
    const std::uint64_t elements =
        (kHuge / info.block_bytes / info.block_elements + 1) * info.block_elements;
    ASSERT_FALSE(Bytes().header(1, 0).tensor("t", {elements}, type, 0).data(4096).open());
    expect_refused(
        Bytes().header(1, 0).tensor("t", {elements, 1024, 1024}, type, 0).data(4096).open(),
        Code::kCorrupt, "overflows");
  }
}

// No number: rounding up a size just below 2^64 to the alignment gave zero.
TEST(HostileGguf, RefusesASizeThatWrapsWhenPadded) {
  expect_refused(Bytes().header(1, 0).tensor("t", {kHuge / 4}, TensorType::kF32, 0).data(64).open(),
                 Code::kCorrupt, "past the 64 bytes");
}

// No number: 0x80000000 aborted, 0 divided by zero (also CVE-2025-0317 and its kin).
TEST(HostileGguf, RefusesAnAlignmentThatIsNotASmallPowerOfTwo) {
  for (const std::uint32_t alignment : {0U, 1U, 4U, 24U, 33U, 0x20000U, 0x80000000U, 0xFFFFFFFFU})
    expect_refused(Bytes().header(0, 1).alignment(alignment).data(64).open(), Code::kCorrupt,
                   "general.alignment");
}

TEST(HostileGguf, AcceptsAlignmentAtItsBounds) {
  for (const std::uint32_t alignment : {8U, 32U, 0x10000U})
    EXPECT_TRUE(Bytes().header(0, 1).alignment(alignment).open());
}

TEST(HostileGguf, RefusesAnAlignmentOfAnotherType) {
  expect_refused(Bytes()
                     .header(0, 1)
                     .string("general.alignment")
                     .type(ValueType::kString)
                     .string("32")
                     .data(64)
                     .open(),
                 Code::kCorrupt, "general.alignment");
}

// No number: scores stored as bytes were read as floats, four times past the array's end.
TEST(HostileGguf, RefusesToReadAnArrayAsAnotherElementType) {
  Bytes bytes;
  bytes.header(0, 2)
      .string("tokenizer.ggml.scores")
      .type(ValueType::kArray)
      .type(ValueType::kUint8)
      .u64(4)
      .u32(0);
  bytes.string("tokenizer.ggml.tokens")
      .type(ValueType::kArray)
      .type(ValueType::kUint32)
      .u64(1)
      .u32(9);
  const File file = bytes.open().value();

  EXPECT_EQ(file.get_floats("tokenizer.ggml.scores").error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_strings("tokenizer.ggml.tokens").error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_ints("tokenizer.ggml.scores").value().size(), 4U);
}

// CVE-2025-49847 and CVE-2025-52566: lengths above 2^31 turned negative in an int.
TEST(HostileGguf, RefusesAVocabularyEntryOfTwoGigabytes) {
  for (const std::uint64_t length : {std::uint64_t{0x80000000}, std::uint64_t{0xFFFFFFFF}})
    expect_refused(Bytes()
                       .header(0, 1)
                       .string("tokenizer.ggml.tokens")
                       .type(ValueType::kArray)
                       .type(ValueType::kString)
                       .u64(1)
                       .u64(length)
                       .data(64)
                       .open(),
                   Code::kCorrupt, "claims");
}

// From a fuzzing round on ggml: a type number that is negative as an int indexed a table.
TEST(HostileGguf, RefusesTypeNumbersOutsideTheTables) {
  for (const std::uint32_t type : {0xFFFFFFFFU, 0x80000000U, 4U, 1000U})
    expect_refused(Bytes().header(1, 0).string("t").u32(1).u64(32).u32(type).u64(0).data(64).open(),
                   Code::kUnsupported, "type number");
  for (const std::uint32_t type : {13U, 0xFFFFFFFFU})
    expect_refused(Bytes().header(0, 1).string("k").u32(type).data(64).open(), Code::kCorrupt,
                   "value type");
}

// From the same round.
TEST(HostileGguf, RefusesDuplicateKeysAndTensors) {
  expect_refused(Bytes()
                     .header(0, 2)
                     .string("k")
                     .type(ValueType::kUint8)
                     .u8(1)
                     .string("k")
                     .type(ValueType::kUint8)
                     .u8(2)
                     .open(),
                 Code::kCorrupt, "appears twice");
  expect_refused(Bytes()
                     .header(2, 0)
                     .tensor("t", {8}, TensorType::kF32, 0)
                     .tensor("t", {8}, TensorType::kF32, 32)
                     .data(64)
                     .open(),
                 Code::kCorrupt, "appears twice");
}

// From the same round: lengths that fit the file, but would exhaust memory in a reader that copies.
TEST(HostileGguf, RefusesCountsPastTheLimitsThoughTheyFit) {
  Limits limits;
  limits.array_elements_max = 8;
  limits.string_bytes_max = 8;
  limits.metadata_count_max = 1;
  limits.tensor_count_max = 1;
  const auto array_of = [](std::uint64_t count) {
    return Bytes()
        .header(0, 1)
        .string("k")
        .type(ValueType::kArray)
        .type(ValueType::kUint8)
        .u64(count)
        .data(64);
  };
  EXPECT_TRUE(array_of(8).open(limits));
  expect_refused(array_of(9).open(limits), Code::kTooLarge, "array elements");
  const auto string_of = [](std::string_view text) {
    return Bytes().header(0, 1).string("k").type(ValueType::kString).string(text);
  };
  EXPECT_TRUE(string_of("12345678").open(limits));
  expect_refused(string_of("123456789").open(limits), Code::kTooLarge, "more than the 8");
  expect_refused(Bytes().header(0, 2).data(64).open(limits), Code::kTooLarge, "metadata values");
  expect_refused(Bytes().header(2, 0).data(128).open(limits), Code::kTooLarge, "tensors");
}

// CVE-2026-7482: a tensor declared past the end of the file handed out the heap behind it.
TEST(HostileGguf, RefusesATensorThatEndsPastTheFile) {
  const auto with_data = [](std::size_t count) {
    return Bytes().header(1, 0).tensor("t", {64}, TensorType::kF32, 0).data(count);
  };
  EXPECT_TRUE(with_data(256).open());
  expect_refused(with_data(255).open(), Code::kCorrupt, "past the 255 bytes");
  expect_refused(with_data(0).open(), Code::kCorrupt, "past the 0 bytes");
}

TEST(HostileGguf, RefusesATensorThatBeginsPastTheFile) {
  expect_refused(Bytes().header(1, 0).tensor("t", {1}, TensorType::kF32, 1U << 20).data(256).open(),
                 Code::kCorrupt, "past the 256 bytes");
}

TEST(HostileGguf, RefusesTensorsThatShareBytes) {
  Bytes bytes;
  bytes.header(2, 0).tensor("a", {16}, TensorType::kF32, 0).tensor("b", {8}, TensorType::kF32, 32);
  expect_refused(bytes.data(64).open(), Code::kCorrupt, "share bytes");
}

TEST(HostileGguf, RefusesAnUnalignedTensor) {
  expect_refused(Bytes().header(1, 0).tensor("t", {1}, TensorType::kF32, 8).data(64).open(),
                 Code::kCorrupt, "not a multiple of 32");
}

TEST(HostileGguf, RefusesRowsThatAreNotWholeBlocks) {
  expect_refused(Bytes().header(1, 0).tensor("t", {48, 2}, TensorType::kQ8_0, 0).data(256).open(),
                 Code::kCorrupt, "not a multiple of the 32");
}

// CVE-2024-39720 and CVE-2025-0315: truncated files crashed the reader. Every possible cut of a
// file that uses every construct must be refused.
TEST(HostileGguf, RefusesAValidFileCutAtAnyByte) {
  Writer writer;
  writer.add("a.number", std::uint32_t{1});
  writer.add("a.text", std::string("text"));
  writer.add("a.tokens", std::vector<std::string>{"x", "yz"});
  writer.add("a.scores", std::vector<float>{1, 2});
  writer.add_tensor("t", TensorType::kQ8_0, {32}, [](std::span<std::byte>) {});
  const std::string whole = writer.to_bytes();
  constexpr std::size_t kPaddingAfterTensor = 64 - 34;  // of 32 bytes; nothing reads it
  for (std::size_t size = 0; size < whole.size() - kPaddingAfterTensor; ++size) {
    // An exact copy on the heap, so that the address sanitizer sees one byte too many.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const base::Result<File> file = File::from_bytes(std::as_bytes(std::span(cut)), "hostile.gguf");
    ASSERT_FALSE(file) << size;
    EXPECT_EQ(file.error().code, Code::kCorrupt) << file.error().message;
  }
  EXPECT_TRUE(File::from_bytes(std::as_bytes(std::span(whole)), "whole.gguf"));
}

TEST(HostileGguf, SurvivesEverySingleByteSetToExtremes) {
  Writer writer;
  writer.add("a.tokens", std::vector<std::string>{"x", "yz"});
  writer.add("a.flag", true);
  writer.add_tensor("t", TensorType::kF16, {4, 2}, [](std::span<std::byte>) {});
  const std::string whole = writer.to_bytes();
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const char value : {'\x00', '\x01', '\x7F', '\x80', '\xFF'}) {
      std::string changed = whole;
      changed[i] = value;
      const base::Result<File> file =
          File::from_bytes(std::as_bytes(std::span(changed)), "hostile.gguf");
      if (!file) {
        EXPECT_FALSE(file.error().message.empty());
      }
    }
}

TEST(HostileGguf, RefusesOtherVersionsAndByteOrders) {
  for (const std::uint32_t version : {0U, 1U, 4U, 0xFFFFFFFFU})
    expect_refused(Bytes().raw("GGUF").u32(version).data(64).open(), Code::kUnsupported,
                   "GGUF version");
  expect_refused(Bytes().raw("GGUF").u32(0x03000000).data(64).open(), Code::kUnsupported,
                 "big-endian");
}

TEST(HostileGguf, RefusesNamesThatAreNotText) {
  expect_refused(Bytes().header(0, 1).string("\xFF").data(64).open(), Code::kCorrupt, "UTF-8");
  expect_refused(Bytes().header(0, 1).string("").data(64).open(), Code::kCorrupt, "empty");
  expect_refused(
      Bytes().header(0, 1).string("k").type(ValueType::kString).string("\xC3").data(64).open(),
      Code::kCorrupt, "UTF-8");
  expect_refused(Bytes().header(1, 0).string("\xED\xA0\x80").data(64).open(), Code::kCorrupt,
                 "UTF-8");
  expect_refused(Bytes().header(1, 0).string("").data(64).open(), Code::kCorrupt, "no name");
}

TEST(HostileGguf, BoundsTensorNamesAt64Bytes) {
  const auto named = [](std::size_t length) {
    return Bytes().header(1, 0).tensor(std::string(length, 'n'), {1}, TensorType::kF32, 0).data(4);
  };
  EXPECT_TRUE(named(64).open());
  expect_refused(named(65).open(), Code::kTooLarge, "tensor name");
}

TEST(HostileGguf, RefusesABoolThatIsNeitherTrueNorFalse) {
  expect_refused(Bytes().header(0, 1).string("k").type(ValueType::kBool).u8(2).data(8).open(),
                 Code::kCorrupt, "not 0 or 1");
  expect_refused(Bytes()
                     .header(0, 1)
                     .string("k")
                     .type(ValueType::kArray)
                     .type(ValueType::kBool)
                     .u64(2)
                     .u8(1)
                     .u8(255)
                     .open(),
                 Code::kCorrupt, "not 0 or 1");
}

TEST(HostileGguf, RefusesArraysOfArrays) {
  expect_refused(Bytes()
                     .header(0, 1)
                     .string("k")
                     .type(ValueType::kArray)
                     .type(ValueType::kArray)
                     .u64(1)
                     .data(64)
                     .open(),
                 Code::kCorrupt, "array of arrays");
}

}  // namespace
}  // namespace nearside::gguf
