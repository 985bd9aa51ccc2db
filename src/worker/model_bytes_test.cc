#include "worker/model_bytes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "trust/core_dump_for_test.h"
#include "trust/key_file.h"
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
  const auto opened = open_model_bytes(file(bytes), envelope);
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->need(opened->bytes(), 2));
  ASSERT_TRUE(opened->settle(2));
  EXPECT_TRUE(std::ranges::equal(opened->bytes(), std::as_bytes(std::span(plain))));
}

TEST_F(ModelBytesTest, LetsAPlainFileThrough) {
  const auto opened = open_model_bytes(file("GGUF..."), std::nullopt);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->bytes().size(), 7U);
}

TEST_F(ModelBytesTest, RefusesAPlainFileInPlaceOfASealedOne) {
  const auto [bytes, envelope] = sealed("GGUF...");
  EXPECT_EQ(open_model_bytes(file("GGUF..."), envelope).error().code, base::Code::kPermission);
}

TEST_F(ModelBytesTest, RefusesASealedFileWithoutItsEnvelope) {
  const auto [bytes, envelope] = sealed("GGUF...");
  EXPECT_EQ(open_model_bytes(file(bytes), std::nullopt).error().code, base::Code::kPermission);
  const auto [other_bytes, other_envelope] = sealed("GGUF...");
  EXPECT_EQ(open_model_bytes(file(bytes), other_envelope).error().code, base::Code::kPermission);
}

TEST_F(ModelBytesTest, RefusesAChangedFile) {
  auto [bytes, envelope] = sealed("GGUF...");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const auto opened = open_model_bytes(file(bytes), envelope);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->need(opened->bytes().first(1)).error().code, base::Code::kCorrupt);
  EXPECT_EQ(opened->settle(1).error().code, base::Code::kCorrupt);
  bytes.pop_back();
  EXPECT_EQ(open_model_bytes(file(bytes), envelope).error().code, base::Code::kCorrupt);
}

TEST_F(ModelBytesTest, RefusesAChangeInAnyPartAlsoOneThatNobodyNeeds) {
  const std::string plain(5'000'000, 'w');
  const auto [whole, envelope] = sealed(plain);
  for (std::size_t at = trust::kSealedHeaderBytes; at < whole.size(); at += 700'000) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const auto opened = open_model_bytes(file(bytes), envelope);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->settle(2).error().code, base::Code::kCorrupt) << at;
  }
}

/// Bytes that stand nowhere by chance, those of each `at` their own.
std::string weights(std::size_t at, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>((at + i) * (at + i) * 2654435761U >> 11);
  return bytes;
}

TEST_F(ModelBytesTest, NeitherWeightsNorTheirKeyAreInACore) {
  constexpr std::size_t kBytes = 3'000'000;
  trust::KeySource source{path_.string() + ".key.json", path_.string() + ".key", ""};
  ASSERT_TRUE(trust::create_key_file(source.key_file));
  {
    std::string plain = weights(0, kBytes);
    const auto [bytes, envelope] = sealed(plain);
    trust::wipe(std::as_writable_bytes(std::span(plain)));
    std::ofstream(path_, std::ios::binary) << bytes;
    std::ofstream(source.envelope_file)
        << trust::wrap_by_key_file(envelope->data_key, envelope->file_id, source.key_file).value();
  }
  const auto core = trust::core_of(
      [&] {
        auto envelope = std::optional(trust::open_envelope(source).value());
        const auto opened =
            open_model_bytes(base::MappedFile::open(path_.string()).value(), envelope);
        envelope.reset();
        const std::string heap = weights(kBytes, 64);
        if (opened && opened->need(opened->bytes(), 2) && opened->settle(2) &&
            opened->bytes().size() == kBytes && !heap.empty())
          std::abort();
        ::_exit(1);
      },
      [&](const std::string& written) {
        return written.find(weights(kBytes, 64)) != std::string::npos;
      });
  const auto envelope = trust::open_envelope(source);
  std::filesystem::remove(source.key_file);
  std::filesystem::remove(source.envelope_file);
  if (!core) GTEST_SKIP() << "no core was written";
  EXPECT_NE(core->find(weights(kBytes, 64)), std::string::npos) << "the core has no heap";
  for (const std::size_t at : {std::size_t{0}, kBytes / 2, kBytes - 4096})
    EXPECT_EQ(core->find(weights(at, 64)), std::string::npos) << "the block at " << at;
  ASSERT_TRUE(envelope);
  const auto key = envelope->data_key.bytes();
  EXPECT_EQ(core->find(std::string(reinterpret_cast<const char*>(key.data()), key.size())),
            std::string::npos);
}

}  // namespace
}  // namespace nearside::worker
