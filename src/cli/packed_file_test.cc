#include "cli/packed_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace nearside::cli {
namespace {

class PackedFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ =
        std::filesystem::temp_directory_path() / ("nearside_packed_" + std::to_string(getpid()));
    for (int i = 0; i < 40'000; ++i) content_ += "line " + std::to_string(i) + "\n";
    std::ofstream(path_) << content_;
  }
  void TearDown() override {
    for (const char* end : {"", ".xz", ".gz"}) std::filesystem::remove(path_.string() + end);
  }
  void pack(const char* program) const {
    ASSERT_EQ(std::system((std::string(program) + " -k '" + path_.string() + "'").c_str()), 0);
  }
  std::filesystem::path path_;
  std::string content_;
};

TEST_F(PackedFile, ReadsPlainXzAndGzipAlike) {
  pack("xz");
  pack("gzip");
  for (const char* end : {"", ".xz", ".gz"}) {
    const auto read = read_packed_file(path_.string() + end);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, content_) << end;
  }
}

TEST_F(PackedFile, ATruncatedOneIsCorruptAndALargeOneIsRefused) {
  pack("xz");
  pack("gzip");
  for (const char* end : {".xz", ".gz"}) {
    const std::string packed = path_.string() + end;
    const auto large = read_packed_file(packed, content_.size() - 1);
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, base::Code::kTooLarge);
    std::filesystem::resize_file(packed, std::filesystem::file_size(packed) / 2);
    const auto truncated = read_packed_file(packed);
    ASSERT_FALSE(truncated);
    EXPECT_EQ(truncated.error().code, base::Code::kCorrupt) << truncated.error().message;
  }
}

}  // namespace
}  // namespace nearside::cli
