// The plain bytes of a model file, sealed or not.
#pragma once

#include <optional>

#include "base/mapped_file.h"
#include "base/result.h"
#include "trust/key_envelope.h"

namespace nearside::worker {

/// A sealed file is decrypted into memory that belongs to no file (base::MappedFile::from_memory);
/// its own mapping is given back. Without an envelope a plain file passes through unread.
/// Errors: kPermission (a sealed file without an envelope; a plain file with one, because somebody
/// who cannot seal may have put it there; an envelope of another file; another key), kCorrupt (a
/// changed file).
base::Result<base::MappedFile> open_model_bytes(
    base::MappedFile file, const std::optional<trust::OpenedEnvelope>& envelope,
    std::size_t threads);

}  // namespace nearside::worker
