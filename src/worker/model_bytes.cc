#include "worker/model_bytes.h"

#include "trust/sealed_file.h"

namespace nearside::worker {

using base::Code;
using base::fail;

base::Result<base::MappedFile> open_model_bytes(
    base::MappedFile file, const std::optional<trust::OpenedEnvelope>& envelope,
    std::size_t threads) {
  const bool sealed = trust::looks_sealed(file.bytes());
  if (!sealed && !envelope) return file;
  if (!envelope)
    return fail(Code::kPermission, "the model is sealed; give the key envelope made for this node");
  if (!sealed)
    return fail(
        Code::kPermission,
        "a sealed model was expected, and this file is not sealed; somebody replaced it, or "
        "the key envelope does not belong to it");
  const trust::SealedFile container =
      TRY(trust::SealedFile::open(file.bytes(), envelope->data_key));
  if (container.header().file_id != envelope->file_id)
    return fail(Code::kPermission, "the key envelope was made for another sealed file");
  return base::MappedFile::from_memory(
      container.header().plain_bytes, [&](std::span<std::byte> plain) {
        return container.decrypt(plain, static_cast<unsigned>(threads));
      });
}

}  // namespace nearside::worker
