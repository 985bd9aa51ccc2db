#include "worker/model_bytes.h"

#include <algorithm>

#include "trust/sealed_file.h"

namespace nearside::worker {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;  // small chunks are opened together

/// A sealed file, chunk by chunk.
class SealedPieces : public base::PieceSource {
 public:
  SealedPieces(base::MappedFile file, trust::SealedFile container)
      : file_(std::move(file)), container_(std::move(container)) {}

  [[nodiscard]] std::size_t size_bytes() const override { return container_.header().plain_bytes; }
  [[nodiscard]] std::size_t piece_bytes() const override {
    return chunks_per_piece() * container_.header().chunk_bytes;
  }
  void expect(std::size_t index) const override { file_.expect_reads(sealed_piece(index)); }
  [[nodiscard]] base::Status read(std::size_t index, std::span<std::byte> out) const override {
    TRY(container_.decrypt(index * chunks_per_piece(), out));
    file_.forget(sealed_piece(index));
    return {};
  }

 private:
  [[nodiscard]] std::size_t chunks_per_piece() const {
    return std::max<std::size_t>(1, kPieceBytes / container_.header().chunk_bytes);
  }
  [[nodiscard]] std::span<const std::byte> sealed_piece(std::size_t index) const {
    const std::uint64_t first = index * chunks_per_piece();
    const std::uint64_t last =
        std::min(first + chunks_per_piece(), container_.header().chunk_count()) - 1;
    const auto begin = container_.sealed_chunk(first);
    const auto end = container_.sealed_chunk(last);
    return {begin.data(), end.data() + end.size()};
  }

  base::MappedFile file_;
  trust::SealedFile container_;  // views it
};

}  // namespace

base::Result<base::MappedFile> open_model_bytes(
    base::MappedFile file, const std::optional<trust::OpenedEnvelope>& envelope) {
  const bool sealed = trust::looks_sealed(file.bytes());
  if (!sealed && !envelope) return file;
  if (!envelope)
    return fail(Code::kPermission, "the model is sealed; give the key envelope made for this node");
  if (!sealed)
    return fail(
        Code::kPermission,
        "a sealed model was expected, and this file is not sealed; somebody replaced it, or "
        "the key envelope does not belong to it");
  trust::SealedFile container = TRY(trust::SealedFile::open(file.bytes(), envelope->data_key));
  if (container.header().file_id != envelope->file_id)
    return fail(Code::kPermission, "the key envelope was made for another sealed file");
  return base::MappedFile::from_pieces(
      std::make_unique<SealedPieces>(std::move(file), std::move(container)));
}

}  // namespace nearside::worker
