// Finds stop strings in text that arrives in pieces, and never lets a part of one out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nearside::engine {

/// Bytes in, bytes out. Text that may be the beginning of a stop string is held back until it is
/// decided. Holds fewer bytes than the longest stop string.
class StopMatcher {
 public:
  /// Empty strings are ignored.
  explicit StopMatcher(std::vector<std::string> stops);

  /// What may go out now. Once stopped(), "" for ever.
  [[nodiscard]] std::string push(std::string_view text);
  /// The text ends here without a stop: what was held back.
  [[nodiscard]] std::string finish();
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  [[nodiscard]] std::size_t possible_prefix() const;

  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace nearside::engine
