// Replaces what is personal in texts by typed placeholders, the same for the same thing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/label.h"
#include "policy/pseudonyms/pseudonym_table.h"

namespace nearside::policy {

/// Values that name somebody or something: what is replaced unless a configuration says otherwise.
/// What a text is about (health, source code) is not in one value and cannot be taken out of it;
/// credentials are restricted and never leave.
const std::vector<std::string>& usual_pseudonym_detectors();

/// Holds a reference to the labeller. Thread-safe.
class Pseudonymizer {
 public:
  /// `detectors`: whose findings are replaced.
  Pseudonymizer(const Labeler& labeler, std::vector<std::string> detectors);

  /// Gives every value in the text a placeholder; how many it found that were none already.
  /// Errors: kInternal (the scan failed: nothing may be sent), kExhausted (kPseudonymsMax).
  base::Result<std::size_t> learn(std::string_view text, PseudonymTable& table) const;

  /// learn(), and the text with placeholders. What was replaced once in the conversation is
  /// replaced everywhere, also where the labeller did not see it (a surname later on its own is
  /// another value).
  [[nodiscard]] base::Result<std::string> replace(std::string_view text,
                                                  PseudonymTable& table) const;

 private:
  [[nodiscard]] bool replaces(std::string_view detector) const;
  const Labeler& labeler_;
  std::vector<std::string> detectors_;  // sorted
};

}  // namespace nearside::policy
