// Replaces what is personal in a conversation by typed placeholders, the same for the same thing.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/label.h"

namespace nearside::policy {

/// Placeholders and what they stand for. Lives as long as the exchange: what a target never saw, it
/// cannot have changed. Not thread-safe.
///
/// A placeholder is "[KIND_n]" in ASCII capitals: "[PERSON_1]", "[IBAN_2]". Brackets survive every
/// tokenizer, models keep them when they rewrite and translate, and no word of a language has them.
class PseudonymTable {
 public:
  /// Placeholders that stand in `text` already would be mistaken for ours: their numbers are left
  /// out. Call for every text before the first placeholder().
  void avoid(std::string_view text);

  /// The placeholder of a value: the one it has, or the next of its kind. Values that differ in
  /// case or white space alone are one; the first spelling comes back. Errors: kExhausted
  /// (kPseudonymsMax).
  base::Result<std::string> placeholder(std::string_view detector, std::string_view value);

  /// What a placeholder stands for; empty if it is none of ours.
  [[nodiscard]] std::string_view value(std::string_view placeholder) const;

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// Of the longest placeholder there is, 0 if there is none.
  [[nodiscard]] std::size_t placeholder_bytes_max() const { return placeholder_bytes_max_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;        // by placeholder
  std::map<std::string, std::string, std::less<>> placeholders_;  // by detector and folded value
  std::map<std::string, std::size_t, std::less<>> next_;          // number by kind
  std::map<std::string, bool, std::less<>> avoided_;
  std::size_t placeholder_bytes_max_ = 0;
};

/// More different values than this in one conversation are data, not a conversation.
inline constexpr std::size_t kPseudonymsMax = 4096;

/// Which findings are replaced.
struct PseudonymRules {
  /// By detector name; empty: whatever makes a request confidential or more, people and addresses.
  std::vector<std::string> detectors;
};

/// Replaces in texts. Holds a reference to the labeller.
class Pseudonymizer {
 public:
  Pseudonymizer(const Labeler& labeler, PseudonymRules rules);

  /// The text with placeholders. What was replaced once in the conversation is replaced everywhere,
  /// also where the labeller did not see it (a surname later on its own is another value).
  /// Errors: kInternal (the scan failed: nothing may be sent), kExhausted (kPseudonymsMax).
  [[nodiscard]] base::Result<std::string> replace(std::string_view text,
                                                  PseudonymTable& table) const;

 private:
  [[nodiscard]] bool replaces(std::string_view detector) const;
  const Labeler& labeler_;
  PseudonymRules rules_;
  std::map<std::string, Sensitivity, std::less<>> sensitivities_;  // by detector
};

/// Puts the values back while an answer streams, also where a placeholder is split between chunks.
/// Holds back at most the bytes of the longest placeholder, and only from a "[" on.
class StreamRestorer {
 public:
  explicit StreamRestorer(const PseudonymTable& table) : table_(table) {}

  /// What may be sent on after this chunk.
  std::string push(std::string_view chunk);
  /// What is left when the answer ends.
  std::string finish();

  [[nodiscard]] std::size_t held_bytes() const { return held_.size(); }

 private:
  const PseudonymTable& table_;
  std::string held_;  // begins with "[" unless empty
};

}  // namespace nearside::policy
