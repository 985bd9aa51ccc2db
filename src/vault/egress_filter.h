// Stops a model that recites a protected text, plain or disguised, while it streams.
//
// How: the stream is read in three ways at once (letters with leetspeak undone and all else
// dropped; letters and digits as they are; base64 as it is), and each way is compared with what the
// protected text would look like in it: as it is, in rot13, backwards; in hexadecimal; in base64 at
// each of the three ways in which bytes can fall on its groups. Compared are short pieces (n-grams)
// in a sliding window: when most of a window's pieces are the text's, it is a copy, also one with
// words changed here and there.
//
// Not seen: translations and paraphrases, and encodings of encodings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nearside::vault {

struct ProtectedText {
  std::string name;  // for the record: "triage@3"
  std::string text;
};

struct EgressOptions {
  std::size_t window = 64;       // pieces looked at together: letters or digits
  double share_min = 0.55;       // of them that must be the text's to be a copy
  std::size_t piece_length = 8;  // letters or digits of one piece, at most 16
};

/// What the texts look like in each reading; made once, shared by all streams. Immutable.
class EgressPatterns {
 public:
  /// Errors: kInvalidArgument (a text with fewer than twice `window` letters and digits could not
  /// be told from chance; an impossible option).
  static base::Result<std::shared_ptr<const EgressPatterns>> create(
      const std::vector<ProtectedText>& texts, const EgressOptions& options = {});
  ~EgressPatterns();

 private:
  friend class EgressFilter;
  struct Tables;
  explicit EgressPatterns(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};

/// What may be let out, and whether the rest must not be.
struct Egress {
  std::string text;                   // to send on now
  std::optional<std::string> leaked;  // name of the text; from now on nothing is let out
};

/// One stream. Not thread-safe. Holds back as much as a copy needs to be recognised, no more: a
/// window's letters, with what stands between them.
class EgressFilter {
 public:
  explicit EgressFilter(std::shared_ptr<const EgressPatterns> patterns);
  ~EgressFilter();
  EgressFilter(EgressFilter&&) noexcept;

  Egress push(std::string_view text);
  /// The stream is over: what was held back.
  Egress finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nearside::vault
