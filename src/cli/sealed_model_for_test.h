// A model file sealed as `nearside model seal` seals it, under a key file.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/file.h"
#include "trust/key_envelope.h"
#include "trust/key_file.h"
#include "trust/sealed_file.h"

namespace nearside::cli {

/// Seals `file` in place; the envelope goes into `folder`, the key file to `key_file`. What opens
/// it.
inline trust::KeySource seal_in_place(const std::filesystem::path& folder, const std::string& file,
                                      const std::filesystem::path& key_file) {
  const trust::KeySource source{(folder / "envelope.json").string(), key_file.string(), ""};
  const trust::SecretBytes key = trust::SecretBytes::random(trust::kDataKeyBytes).value();
  const std::string plain = base::read_file(file).value();
  std::string sealed;
  const auto id =
      trust::seal(std::as_bytes(std::span(plain)), key, {},
                  [&](std::span<const std::byte> piece) -> base::Status {
                    sealed.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                    return {};
                  });
  EXPECT_TRUE(base::write_file_atomic(file, sealed));
  EXPECT_TRUE(trust::create_key_file(source.key_file));
  EXPECT_TRUE(base::write_file_atomic(
      source.envelope_file, trust::wrap_by_key_file(key, id.value(), source.key_file).value()));
  return source;
}

}  // namespace nearside::cli
