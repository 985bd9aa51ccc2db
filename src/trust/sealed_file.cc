#include "trust/sealed_file.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/check.h"
#include "trust/key_derivation.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

constexpr std::string_view kMagic = "NRSDSEA1";
constexpr std::uint32_t kChunkBytesMin = 1U << 10;
constexpr std::size_t kBoundBytes = 96;  // of the header: all but the commitment
constexpr std::size_t kNonceBytes = 12;
constexpr std::string_view kPurpose = "nearside sealed file 1";

// Offsets in the header.
constexpr std::size_t kCipherAt = 8;
constexpr std::size_t kChunkBytesAt = 12;
constexpr std::size_t kPlainBytesAt = 16;
constexpr std::size_t kFileIdAt = 24;
constexpr std::size_t kSaltAt = 40;
constexpr std::size_t kReservedAt = 72;
constexpr std::size_t kCommitmentAt = 96;

template <typename T>
T load(std::span<const std::byte> bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename T>
void store(std::span<std::byte> bytes, std::size_t at, const T& value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

using HeaderBytes = std::array<std::byte, kSealedHeaderBytes>;

HeaderBytes encode(const SealedHeader& header) {
  HeaderBytes bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  store(bytes, kCipherAt, header.cipher);
  store(bytes, kChunkBytesAt, header.chunk_bytes);
  store(bytes, kPlainBytesAt, header.plain_bytes);
  store(bytes, kFileIdAt, header.file_id);
  store(bytes, kSaltAt, header.salt);
  store(bytes, kCommitmentAt, header.commitment);
  return bytes;
}

const EVP_CIPHER* method_of(Cipher cipher) {
  return cipher == Cipher::kAes256Gcm ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
}

unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

/// What a data key and a header make: the key of this file's chunks, and the commitment.
struct Derived {
  SecretBytes chunk_key;
  std::array<std::uint8_t, 32> commitment{};
};

base::Result<Derived> derive(const SecretBytes& key, const SealedHeader& header) {
  if (key.bytes().size() != kDataKeyBytes)
    return fail(Code::kInvalidArgument, "a data key has {} bytes, not {}", kDataKeyBytes,
                key.bytes().size());
  const HeaderBytes bytes = encode(header);
  SecretBytes both = TRY(derive_key(key, std::as_bytes(std::span(header.salt)), kPurpose,
                                    std::span(bytes).first(kBoundBytes), 64));
  Derived derived{TRY(SecretBytes::copy_of(both.bytes().first(32)))};
  std::memcpy(derived.commitment.data(), both.bytes().data() + 32, 32);
  return derived;
}

/// The chunk's place in the file. That nonces cannot repeat follows from the salted key.
std::array<unsigned char, kNonceBytes> nonce_of(std::uint64_t index, bool last) {
  std::array<unsigned char, kNonceBytes> nonce{};
  std::memcpy(nonce.data(), &index, sizeof index);
  nonce[8] = last ? 1 : 0;
  return nonce;
}

/// One key schedule for many chunks.
class ChunkCipher {
 public:
  ChunkCipher(Cipher cipher, const SecretBytes& key, bool encrypt)
      : context_(EVP_CIPHER_CTX_new()), encrypt_(encrypt) {
    CHECK(context_ != nullptr);
    CHECK(EVP_CipherInit_ex(context_.get(), method_of(cipher), nullptr, raw(key.bytes().data()),
                            nullptr, encrypt ? 1 : 0) == 1);
  }

  /// Encrypts into `to`, which has kSealTagBytes more.
  void seal(std::span<const std::byte> from, std::span<std::byte> to, std::uint64_t index,
            bool last) {
    CHECK(encrypt_ && to.size() == from.size() + kSealTagBytes);
    start(index, last);
    int length = 0;
    CHECK(EVP_EncryptUpdate(context_.get(), raw(to.data()), &length, raw(from.data()),
                            static_cast<int>(from.size())) == 1);
    CHECK(EVP_EncryptFinal_ex(context_.get(), raw(to.data()) + length, &length) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kSealTagBytes,
                              raw(to.data()) + from.size()) == 1);
  }

  /// Whether the chunk is as it was sealed. The bytes are written before that is known.
  bool open(std::span<const std::byte> from, std::span<std::byte> to, std::uint64_t index,
            bool last) {
    CHECK(!encrypt_ && from.size() == to.size() + kSealTagBytes);
    start(index, last);
    int length = 0;
    std::array<unsigned char, kSealTagBytes> tag{};
    std::memcpy(tag.data(), from.data() + to.size(), tag.size());
    CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kSealTagBytes, tag.data()) ==
          1);
    return EVP_DecryptUpdate(context_.get(), raw(to.data()), &length, raw(from.data()),
                             static_cast<int>(to.size())) == 1 &&
           EVP_DecryptFinal_ex(context_.get(), raw(to.data()) + length, &length) == 1;
  }

 private:
  void start(std::uint64_t index, bool last) {
    const auto nonce = nonce_of(index, last);
    CHECK(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), -1) == 1);
  }

  CipherHandle context_;
  bool encrypt_;
};

}  // namespace

Cipher preferred_cipher() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") ? Cipher::kAes256Gcm : Cipher::kChaCha20Poly1305;
#else
  return Cipher::kAes256Gcm;
#endif
}

std::uint64_t SealedHeader::chunk_count() const {
  return plain_bytes / chunk_bytes + (plain_bytes % chunk_bytes != 0 ? 1 : 0);
}

std::uint64_t SealedHeader::sealed_bytes() const {
  return kSealedHeaderBytes + plain_bytes + chunk_count() * kSealTagBytes;
}

bool looks_sealed(std::span<const std::byte> file) {
  return file.size() >= kMagic.size() &&
         std::memcmp(file.data(), kMagic.data(), kMagic.size()) == 0;
}

base::Result<SealedHeader> read_sealed_header(std::span<const std::byte> file) {
  if (!looks_sealed(file)) return fail(Code::kCorrupt, "not a sealed file");
  if (file.size() < kSealedHeaderBytes)
    return fail(Code::kCorrupt, "a sealed file that ends within its header");
  SealedHeader header;
  header.cipher = load<Cipher>(file, kCipherAt);
  if (header.cipher != Cipher::kAes256Gcm && header.cipher != Cipher::kChaCha20Poly1305)
    return fail(Code::kUnsupported, "sealed with cipher {}, which this version does not know",
                static_cast<std::uint32_t>(header.cipher));
  header.chunk_bytes = load<std::uint32_t>(file, kChunkBytesAt);
  if (header.chunk_bytes < kChunkBytesMin || header.chunk_bytes > kSealChunkBytesMax)
    return fail(Code::kCorrupt, "sealed in chunks of {} bytes; {} to {} are possible",
                header.chunk_bytes, kChunkBytesMin, kSealChunkBytesMax);
  header.plain_bytes = load<std::uint64_t>(file, kPlainBytesAt);
  header.file_id = load<FileId>(file, kFileIdAt);
  header.salt = load<std::array<std::uint8_t, 32>>(file, kSaltAt);
  header.commitment = load<std::array<std::uint8_t, 32>>(file, kCommitmentAt);
  for (std::size_t i = kReservedAt; i < kCommitmentAt; ++i)
    if (file[i] != std::byte{0})
      return fail(Code::kUnsupported, "a sealed file of a later version");
  // The first comparison keeps the second's sum from wrapping.
  if (header.plain_bytes == 0 || header.plain_bytes > file.size() ||
      header.sealed_bytes() != file.size())
    return fail(Code::kCorrupt, "a sealed file of {} bytes that says it holds {}: cut or extended",
                file.size(), header.plain_bytes);
  return header;
}

base::Result<SealedFile> SealedFile::open(std::span<const std::byte> file, const SecretBytes& key) {
  const SealedHeader header = TRY(read_sealed_header(file));
  Derived derived = TRY(derive(key, header));
  if (CRYPTO_memcmp(derived.commitment.data(), header.commitment.data(), 32) != 0)
    return fail(Code::kPermission,
                "this key does not open the sealed file: it was sealed with another, or its header "
                "was changed");
  return SealedFile(file, header, std::move(derived.chunk_key));
}

std::span<const std::byte> SealedFile::sealed_chunk(std::uint64_t index) const {
  CHECK(index < header_.chunk_count());
  const std::uint64_t begin = index * header_.chunk_bytes;
  const std::uint64_t length =
      std::min<std::uint64_t>(header_.chunk_bytes, header_.plain_bytes - begin);
  return file_.subspan(kSealedHeaderBytes + begin + index * kSealTagBytes, length + kSealTagBytes);
}

base::Status SealedFile::decrypt(std::uint64_t first_chunk, std::span<std::byte> plain) const {
  ChunkCipher cipher(header_.cipher, chunk_key_, false);
  const std::uint64_t count = header_.chunk_count();
  std::size_t at = 0;
  for (std::uint64_t index = first_chunk; at < plain.size(); ++index) {
    const std::span<const std::byte> from = sealed_chunk(index);
    const std::size_t length = from.size() - kSealTagBytes;
    CHECK(length <= plain.size() - at);
    if (!cipher.open(from, plain.subspan(at, length), index, index + 1 == count)) {
      wipe(plain);
      return fail(Code::kCorrupt, "chunk {} of {} of the sealed file was changed", index, count);
    }
    at += length;
  }
  return {};
}

base::Result<FileId> seal(std::span<const std::byte> plain, const SecretBytes& key,
                          const SealOptions& options,
                          const std::function<base::Status(std::span<const std::byte>)>& sink) {
  if (plain.empty()) return fail(Code::kInvalidArgument, "nothing to seal");
  if (options.chunk_bytes < kChunkBytesMin || options.chunk_bytes > kSealChunkBytesMax)
    return fail(Code::kInvalidArgument, "chunks have {} to {} bytes", kChunkBytesMin,
                kSealChunkBytesMax);
  SealedHeader header;
  header.cipher = options.cipher;
  header.chunk_bytes = options.chunk_bytes;
  header.plain_bytes = plain.size();
  CHECK(RAND_bytes(header.file_id.data(), static_cast<int>(header.file_id.size())) == 1);
  CHECK(RAND_bytes(header.salt.data(), static_cast<int>(header.salt.size())) == 1);
  const Derived derived = TRY(derive(key, header));
  header.commitment = derived.commitment;
  TRY(sink(encode(header)));
  ChunkCipher cipher(header.cipher, derived.chunk_key, true);
  std::vector<std::byte> sealed;
  const std::uint64_t count = header.chunk_count();
  for (std::uint64_t index = 0; index < count; ++index) {
    const std::uint64_t begin = index * header.chunk_bytes;
    const auto from =
        plain.subspan(begin, std::min<std::uint64_t>(header.chunk_bytes, plain.size() - begin));
    sealed.resize(from.size() + kSealTagBytes);
    cipher.seal(from, sealed, index, index + 1 == count);
    TRY(sink(sealed));
  }
  return header.file_id;
}

}  // namespace nearside::trust
