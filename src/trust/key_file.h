// A key in a file: the weaker way to hold one, for machines without a TPM.
#pragma once

#include <string>

#include "base/result.h"
#include "trust/secret_bytes.h"

namespace nearside::trust {

/// Makes a file with a new random key of 32 bytes, readable by its owner only.
/// Errors: kInvalidArgument (the file exists: a key is never overwritten), kIo.
base::Status create_key_file(const std::string& path);

/// Whoever can read the file, or a backup of it, has the key; so has whoever steals the disk.
/// Errors: kNotFound, kIo, kCorrupt, kPermission (others than the owner may read it).
base::Result<SecretBytes> read_key_file(const std::string& path);

}  // namespace nearside::trust
