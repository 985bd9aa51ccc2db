// Placeholders and what they stand for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace nearside::policy {

/// More different values than this in one conversation are data, not a conversation.
inline constexpr std::size_t kPseudonymsMax = 4096;

/// Belongs to one attempt: what a target never saw, it cannot have changed. Values get their
/// numbers in the order in which they are met, so a conversation that grows at its end gives the
/// same ones the same placeholders each time, and nothing has to be kept between its requests. Not
/// thread-safe; const members may be called from several threads.
///
/// A placeholder is "[KIND_n]" in ASCII capitals: "[PERSON_1]", "[IBAN_2]". Brackets survive every
/// tokenizer, models keep them when they rewrite and translate, and no word of a language has them.
class PseudonymTable {
 public:
  /// Placeholders that stand in `text` already would be mistaken for ours: their numbers are left
  /// out. Call for every text before the first placeholder().
  void avoid(std::string_view text);

  /// The placeholder of a value: the one it has, or the next of its kind. Values that differ in
  /// case or white space alone are one, numbers also when they are grouped otherwise; the first
  /// spelling comes back. Errors: kExhausted (kPseudonymsMax).
  base::Result<std::string> placeholder(std::string_view detector, std::string_view value);

  /// The text with a placeholder for every value in the table, wherever it stands: short values and
  /// those made of letters as whole words, single words as they were written, others in any case
  /// and also inside longer ones. Linear in the text but
  /// for values that begin alike.
  [[nodiscard]] std::string replace(std::string_view text) const;

  /// What a placeholder stands for; empty if it is none of ours.
  [[nodiscard]] std::string_view value(std::string_view placeholder) const;
  /// Bytes of the placeholder of ours that begins at `begin`, 0 if there is none.
  [[nodiscard]] std::size_t placeholder_bytes(std::string_view text, std::size_t begin) const;

  [[nodiscard]] std::size_t size() const { return values_.size(); }
  /// Of the longest placeholder there is, 0 if there is none.
  [[nodiscard]] std::size_t placeholder_bytes_max() const { return placeholder_bytes_max_; }

 private:
  /// One way of writing a value.
  struct Spelling {
    std::string folded;  // capitals, single spaces
    std::string exact;   // of a single word: "Mark" is a name, "mark" is not
    std::string placeholder;
    bool word = false;  // only where no letter or digit is next to it
  };
  void add_spelling(std::string_view value, const std::string& placeholder);
  /// Bytes of `text` at `begin` that the spelling covers, 0 if it does not stand there.
  static std::size_t match(std::string_view text, std::size_t begin, const Spelling& spelling);

  std::map<std::string, std::string, std::less<>> values_;        // by placeholder
  std::map<std::string, std::string, std::less<>> placeholders_;  // by detector and bare value
  std::map<std::string, std::size_t, std::less<>> next_;          // number by kind
  std::set<std::string, std::less<>> avoided_;
  std::set<std::string, std::less<>> known_spellings_;
  std::unordered_map<std::uint32_t, std::vector<Spelling>> spellings_;  // by first bytes, longest
                                                                        // first
  std::size_t placeholder_bytes_max_ = 0;
};

}  // namespace nearside::policy
