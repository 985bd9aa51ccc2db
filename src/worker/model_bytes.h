// The plain bytes of a model file, sealed or not.
#pragma once

#include <optional>

#include "base/mapped_file.h"
#include "base/result.h"
#include "trust/key_envelope.h"

namespace nearside::worker {

/// A sealed file is decrypted into memory that belongs to no file (base::MappedFile::from_pieces),
/// each part when it is needed; it and the key of its chunks are let go of when the memory is
/// settled. Without an envelope a plain file passes through unread.
/// Errors: kPermission (a sealed file without an envelope; a plain file with one, because somebody
/// who cannot seal may have put it there; an envelope of another file; another key), kCorrupt (no
/// whole sealed file). What is needed of a changed file, and settling it, fails with kCorrupt.
base::Result<base::MappedFile> open_model_bytes(
    base::MappedFile file, const std::optional<trust::OpenedEnvelope>& envelope);

}  // namespace nearside::worker
