// Puts values back where an answer has their placeholders.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/pseudonyms/pseudonym_table.h"

namespace nearside::policy {

/// Works while the answer streams, also where a placeholder is split between chunks. Holds back at
/// most the bytes of the longest placeholder, and only from a "[" on. Holds a reference to the
/// table; not thread-safe.
class StreamRestorer {
 public:
  /// How values are written. kJson: with JSON's escapes, for text that is a part of JSON (arguments
  /// of a tool call, answers bound to a schema), where a quote or line end would break it.
  enum class Spelling { kPlain, kJson };
  explicit StreamRestorer(const PseudonymTable& table, Spelling spelling = Spelling::kPlain)
      : table_(table), spelling_(spelling) {}

  /// What may be sent on after this chunk.
  std::string push(std::string_view chunk);
  /// What is left when the answer ends.
  std::string finish();

  [[nodiscard]] std::size_t held_bytes() const { return held_.size(); }

 private:
  const PseudonymTable& table_;
  Spelling spelling_;
  std::string held_;  // begins with "[" unless empty
};

}  // namespace nearside::policy
