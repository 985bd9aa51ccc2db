// What a file is, by its first bytes and never by its name.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace nearside::package {

enum class ContentKind {
  kWeights,     // GGUF, safetensors, or a sealed file
  kText,        // UTF-8: cards, templates, licences
  kJson,        // UTF-8 that starts an object or a list: configuration, signatures
  kExecutable,  // runs code when it is loaded, or may: pickle and what holds it, programs, scripts
  kUnknown,
};

struct Content {
  ContentKind kind = ContentKind::kUnknown;
  std::string what;  // "a GGUF model", "a Python pickle, which runs code when it is loaded"
};

/// Bytes to look at, at most; fewer are fine.
inline constexpr std::size_t kContentBytes = 4096;

/// Formats are allowed, not denied: scanners of pickles lose to the next trick, so what is not
/// known to be harmless is not taken. The executable ones are named for whoever reads the message.
Content content_of(std::string_view first_bytes);
/// The same of an open file. Errors: kIo.
base::Result<Content> content_of_file(const base::UniqueFd& file);

}  // namespace nearside::package
