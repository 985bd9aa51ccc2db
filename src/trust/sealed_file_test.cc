// The sealed container and everything a thief or a saboteur can do to it.
#include "trust/sealed_file.h"

#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "trust/key_envelope.h"
#include "trust/key_file.h"

namespace nearside::trust {
namespace {

using Bytes = std::vector<std::byte>;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 + i / 256);
  return bytes;
}

Bytes sealed(const Bytes& plain, const SecretBytes& key, const SealOptions& options) {
  Bytes out;
  const auto id = seal(plain, key, options, [&](std::span<const std::byte> piece) -> base::Status {
    out.insert(out.end(), piece.begin(), piece.end());
    return {};
  });
  EXPECT_TRUE(id) << id.error().message;
  return out;
}

/// The plaintext, or nothing.
std::optional<Bytes> opened(const Bytes& file, const SecretBytes& key) {
  const auto container = SealedFile::open(file, key);
  if (!container) return std::nullopt;
  Bytes plain(container->header().plain_bytes);
  if (!container->decrypt(0, plain)) return std::nullopt;
  return plain;
}

constexpr std::uint32_t kChunk = 1024;

class SealedFileTest : public testing::TestWithParam<Cipher> {
 protected:
  SealOptions options_{GetParam(), kChunk};
  SecretBytes key_ = SecretBytes::random(kDataKeyBytes).value();
};

TEST_P(SealedFileTest, GivesBackEveryLength) {
  for (const std::size_t size : {1UL, 2UL, 1023UL, 1024UL, 1025UL, 2048UL, 5000UL}) {
    const Bytes plain = pattern(size);
    EXPECT_EQ(opened(sealed(plain, key_, options_), key_), plain) << size;
  }
}

TEST_P(SealedFileTest, GivesBackChunksFromTheMiddle) {
  const Bytes plain = pattern(5 * kChunk + 1);
  const Bytes file = sealed(plain, key_, options_);
  const auto container = SealedFile::open(file, key_);
  ASSERT_TRUE(container);
  Bytes middle(2 * kChunk);
  ASSERT_TRUE(container->decrypt(1, middle));
  EXPECT_TRUE(std::equal(middle.begin(), middle.end(), plain.begin() + kChunk));
  Bytes end(kChunk + 1);
  ASSERT_TRUE(container->decrypt(4, end));
  EXPECT_TRUE(std::equal(end.begin(), end.end(), plain.begin() + 4 * kChunk));
}

TEST_P(SealedFileTest, AnyFlippedBitIsRefused) {
  const Bytes file = sealed(pattern(1100), key_, options_);  // two chunks
  for (std::size_t i = 0; i < file.size(); ++i)
    for (std::size_t bit = 0; bit < 8; ++bit) {
      Bytes flipped = file;
      flipped[i] ^= static_cast<std::byte>(1 << bit);
      ASSERT_FALSE(opened(flipped, key_)) << "byte " << i << " bit " << bit;
    }
}

TEST_P(SealedFileTest, EveryTruncationIsRefused) {
  const Bytes file = sealed(pattern(2100), key_, options_);
  for (std::size_t size = 0; size < file.size(); ++size)
    ASSERT_FALSE(opened(Bytes(file.begin(), file.begin() + static_cast<long>(size)), key_)) << size;
}

TEST_P(SealedFileTest, TruncationWithAHeaderThatAgreesIsRefused) {
  Bytes file = sealed(pattern(3 * kChunk), key_, options_);
  file.resize(file.size() - kChunk - kSealTagBytes);
  const std::uint64_t claimed = 2 * kChunk;
  std::memcpy(file.data() + 16, &claimed, sizeof claimed);
  EXPECT_FALSE(opened(file, key_));
}

TEST_P(SealedFileTest, AppendedBytesAreRefused) {
  Bytes file = sealed(pattern(2100), key_, options_);
  file.push_back(std::byte{0});
  EXPECT_FALSE(opened(file, key_));
  file.insert(file.end(), file.end() - kSealTagBytes - kChunk, file.end());
  EXPECT_FALSE(opened(file, key_));
}

TEST_P(SealedFileTest, ReorderedAndRepeatedChunksAreRefused) {
  const Bytes file = sealed(pattern(4 * kChunk), key_, options_);
  const auto chunk = [](Bytes& bytes, std::size_t index) {
    return bytes.begin() + static_cast<long>(kSealedHeaderBytes + index * (kChunk + kSealTagBytes));
  };
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = a + 1; b < 4; ++b) {
      Bytes swapped = file;
      std::swap_ranges(chunk(swapped, a), chunk(swapped, a + 1), chunk(swapped, b));
      EXPECT_FALSE(opened(swapped, key_)) << a << " and " << b;
      Bytes repeated = file;
      std::copy(chunk(repeated, a), chunk(repeated, a + 1), chunk(repeated, b));
      EXPECT_FALSE(opened(repeated, key_)) << a << " over " << b;
    }
}

TEST_P(SealedFileTest, ChunksOfAnotherFileUnderTheSameKeyAreRefused) {
  const Bytes plain = pattern(3 * kChunk);
  Bytes file = sealed(plain, key_, options_);
  const Bytes other = sealed(plain, key_, options_);
  ASSERT_NE(file, other);  // a salt of its own
  const auto begin = static_cast<long>(kSealedHeaderBytes);
  Bytes spliced = file;
  std::copy(other.begin() + begin, other.begin() + begin + kChunk + kSealTagBytes,
            spliced.begin() + begin);
  EXPECT_FALSE(opened(spliced, key_));
  // A whole body under another header.
  std::copy(other.begin(), other.begin() + begin, file.begin());
  EXPECT_FALSE(opened(file, key_));
}

TEST_P(SealedFileTest, AnotherKeyIsRefusedBeforeAnythingIsDecrypted) {
  const Bytes file = sealed(pattern(100), key_, options_);
  const auto container = SealedFile::open(file, SecretBytes::random(kDataKeyBytes).value());
  ASSERT_FALSE(container);
  EXPECT_EQ(container.error().code, base::Code::kPermission);
}

TEST_P(SealedFileTest, AFailedDecryptionLeavesNoPlaintext) {
  Bytes file = sealed(pattern(3 * kChunk), key_, options_);
  file.back() ^= std::byte{1};
  const auto container = SealedFile::open(file, key_);
  ASSERT_TRUE(container);
  Bytes plain(container->header().plain_bytes, std::byte{7});
  const base::Status status = container->decrypt(0, plain);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("chunk 2 of 3"), std::string::npos);
  EXPECT_EQ(plain, Bytes(plain.size(), std::byte{0}));
}

TEST_P(SealedFileTest, HoldsNoPlaintext) {
  const std::string marker = "the weights of a competitor";
  Bytes plain(3 * kChunk);
  for (std::size_t at = 0; at + marker.size() < plain.size(); at += 64)
    std::memcpy(plain.data() + at, marker.data(), marker.size());
  const Bytes file = sealed(plain, key_, options_);
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  EXPECT_EQ(text.find(marker.substr(0, 8)), std::string_view::npos);
}

INSTANTIATE_TEST_SUITE_P(Ciphers, SealedFileTest,
                         testing::Values(Cipher::kAes256Gcm, Cipher::kChaCha20Poly1305));

TEST(SealedFile, RefusesLengthsThatWrap) {
  const SecretBytes key = SecretBytes::random(kDataKeyBytes).value();
  Bytes file = sealed(pattern(100), key, {});
  for (const std::uint64_t size :
       {std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0} - 143, std::uint64_t{1} << 63}) {
    std::memcpy(file.data() + 16, &size, sizeof size);
    EXPECT_FALSE(read_sealed_header(file)) << size;
  }
}

TEST(SealedFile, RefusesNothingAndStrangeChunks) {
  const SecretBytes key = SecretBytes::random(kDataKeyBytes).value();
  const auto sink = [](std::span<const std::byte>) { return base::Status(); };
  EXPECT_FALSE(seal({}, key, {}, sink));
  EXPECT_FALSE(seal(pattern(10), key, {Cipher::kAes256Gcm, 1023}, sink));
  EXPECT_FALSE(seal(pattern(10), key, {Cipher::kAes256Gcm, kSealChunkBytesMax + 1}, sink));
  EXPECT_FALSE(seal(pattern(10), SecretBytes::random(16).value(), {}, sink));
}

class EnvelopeTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("nearside_envelope_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    source_.key_file = (folder_ / "node.key").string();
    source_.envelope_file = (folder_ / "model.key.json").string();
    ASSERT_TRUE(create_key_file(source_.key_file));
    const auto envelope = wrap_by_key_file(data_key_, file_id_, source_.key_file);
    ASSERT_TRUE(envelope) << envelope.error().message;
    text_ = *envelope;
    write(text_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) const { std::ofstream(source_.envelope_file) << text; }

  std::filesystem::path folder_;
  KeySource source_;
  FileId file_id_{1, 2, 3};
  SecretBytes data_key_ = SecretBytes::random(kDataKeyBytes).value();
  std::string text_;
};

TEST_F(EnvelopeTest, GivesTheKeyBack) {
  const auto envelope = open_envelope(source_);
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_EQ(envelope->file_id, file_id_);
  EXPECT_TRUE(std::ranges::equal(envelope->data_key.bytes(), data_key_.bytes()));
  EXPECT_EQ(envelope->protection, "key file (weaker)");
}

TEST_F(EnvelopeTest, AnyChangeIsRefused) {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    std::string changed = text_;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    write(changed);
    EXPECT_FALSE(open_envelope(source_)) << "byte " << i << ": " << changed;
  }
}

TEST_F(EnvelopeTest, AnotherKeyFileIsRefused) {
  source_.key_file = (folder_ / "other.key").string();
  ASSERT_TRUE(create_key_file(source_.key_file));
  EXPECT_EQ(open_envelope(source_).error().code, base::Code::kPermission);
}

TEST_F(EnvelopeTest, AKeyFileThatOthersMayReadIsRefused) {
  ASSERT_EQ(::chmod(source_.key_file.c_str(), 0640), 0);
  const auto envelope = open_envelope(source_);
  EXPECT_EQ(envelope.error().code, base::Code::kPermission);
  EXPECT_NE(envelope.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(EnvelopeTest, AKeyIsNeverOverwritten) {
  EXPECT_EQ(create_key_file(source_.key_file).error().code, base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace nearside::trust
