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

class Sevens : public PieceSource {
 public:
  [[nodiscard]] std::size_t size_bytes() const override { return kBytes; }
  [[nodiscard]] std::size_t piece_bytes() const override { return kBytes / 4; }
  void expect(std::size_t) const override {}
  [[nodiscard]] Status read(std::size_t, std::span<std::byte> out) const override {
    std::fill(out.begin(), out.end(), std::byte{7});
    return {};
  }
};

TEST(MappedFile, MemoryOfNoFileSurvivesBeingForgotten) {
  MappedFile made = MappedFile::from_pieces(std::make_unique<Sevens>()).value();
  const MappedFile memory = std::move(made);
  EXPECT_TRUE(memory.is_private());
  memory.expect_reads(memory.bytes());
  ASSERT_TRUE(memory.need(memory.bytes()));
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
