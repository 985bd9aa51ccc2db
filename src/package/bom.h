// What a model's folder is made of, as a CycloneDX ML-BOM: for those who ask which models they run.
// Source: CycloneDX 1.6 (ECMA-424), JSON, with its modelCard.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace nearside::package {

/// Beside the model's files, so that a signature over the folder covers it.
inline constexpr const char* kBomFile = "bom.cdx.json";

/// What the files' names do not tell. Empty: unknown, and left out.
struct BomFacts {
  std::string name;
  std::string version;
  std::string supplier{};      // who released it
  std::string architecture{};  // "llama"
  std::string license{};       // SPDX identifier, or a name
  std::string base_model{};    // what it was made from
};

/// Every file below `folder` with its size and SHA-256, but for the BOM itself and signatures. The
/// same files and facts give the same text, but for `now`.
/// Errors: kInvalidArgument (no name or version; a link or special file), kIo, kTooLarge.
base::Result<std::string> make_bom(const std::string& folder, const BomFacts& facts,
                                   base::WallTime now);

}  // namespace nearside::package
