#include "worker/model_bytes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "trust/sealed_file.h"

namespace nearside::worker {
namespace {

class ModelBytesTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(testing::TempDir()) /
            ("nearside_model_bytes_" + std::to_string(::getpid()));
  }
  void TearDown() override { std::filesystem::remove(path_); }

  base::MappedFile file(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    return base::MappedFile::open(path_.string()).value();
  }

  /// The sealed bytes of `plain`, and the envelope that opens them.
  std::pair<std::string, std::optional<trust::OpenedEnvelope>> sealed(const std::string& plain) {
    trust::SecretBytes key = trust::SecretBytes::random(trust::kDataKeyBytes).value();
    std::string bytes;
    const auto id =
        trust::seal(std::as_bytes(std::span(plain)), key, {},
                    [&](std::span<const std::byte> piece) -> base::Status {
                      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                      return {};
                    });
    return {bytes, trust::OpenedEnvelope{id.value(), std::move(key), "test"}};
  }

  std::filesystem::path path_;
};

TEST_F(ModelBytesTest, OpensASealedFileInMemory) {
  const std::string plain(3'000'000, 'w');
  const auto [bytes, envelope] = sealed(plain);
  const auto opened = open_model_bytes(file(bytes), envelope, 2);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(std::ranges::equal(opened->bytes(), std::as_bytes(std::span(plain))));
}

TEST_F(ModelBytesTest, LetsAPlainFileThrough) {
  const auto opened = open_model_bytes(file("GGUF..."), std::nullopt, 1);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->bytes().size(), 7U);
}

TEST_F(ModelBytesTest, RefusesAPlainFileInPlaceOfASealedOne) {
  const auto [bytes, envelope] = sealed("GGUF...");
  EXPECT_EQ(open_model_bytes(file("GGUF..."), envelope, 1).error().code, base::Code::kPermission);
}

TEST_F(ModelBytesTest, RefusesASealedFileWithoutItsEnvelope) {
  const auto [bytes, envelope] = sealed("GGUF...");
  EXPECT_EQ(open_model_bytes(file(bytes), std::nullopt, 1).error().code, base::Code::kPermission);
  const auto [other_bytes, other_envelope] = sealed("GGUF...");
  EXPECT_EQ(open_model_bytes(file(bytes), other_envelope, 1).error().code, base::Code::kPermission);
}

TEST_F(ModelBytesTest, RefusesAChangedFile) {
  auto [bytes, envelope] = sealed("GGUF...");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(open_model_bytes(file(bytes), envelope, 1).error().code, base::Code::kCorrupt);
}

}  // namespace
}  // namespace nearside::worker
