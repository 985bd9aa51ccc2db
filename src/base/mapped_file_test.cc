#include "base/mapped_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

constexpr std::size_t kBytes = 64U << 10;

bool all_are(std::span<const std::byte> bytes, std::byte value) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == value; });
}

TEST(MappedFile, HoldsAFilesBytesAlsoAfterForgettingThem) {
  const std::string path = testing::TempDir() + "mapped_file_test.bin";
  std::ofstream(path) << std::string(kBytes, 'x');
  const MappedFile file = MappedFile::open(path).value();
  file.expect_reads(file.bytes());
  EXPECT_TRUE(all_are(file.bytes(), std::byte{'x'}));
  file.forget(file.bytes());
  EXPECT_TRUE(all_are(file.bytes(), std::byte{'x'}));
  std::filesystem::remove(path);
}

TEST(MappedFile, MemoryOfNoFileSurvivesBeingForgotten) {
  const MappedFile memory = MappedFile::from_memory(kBytes, [](std::span<std::byte> bytes) {
                              std::fill(bytes.begin(), bytes.end(), std::byte{7});
                              return Status();
                            }).value();
  memory.expect_reads(memory.bytes());
  memory.forget(memory.bytes());
  EXPECT_TRUE(all_are(memory.bytes(), std::byte{7}));
}

TEST(MappedFile, SaysWhatCannotBeMapped) {
  EXPECT_EQ(MappedFile::open("/nowhere/at/all").error().code, Code::kNotFound);
  EXPECT_EQ(MappedFile::open(testing::TempDir()).error().code, Code::kIo);
  const std::string path = testing::TempDir() + "mapped_file_empty.bin";
  std::ofstream{path}.flush();
  EXPECT_EQ(MappedFile::open(path).error().code, Code::kCorrupt);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace nearside::base
