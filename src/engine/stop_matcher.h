// Finds stop strings in text that arrives in pieces, and never lets a part of one out.
#pragma once

#include <cstddef>
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
  /// The string that ended the text; "" while none has. Of two at one place the one named first.
  [[nodiscard]] const std::string& matched() const { return matched_; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  [[nodiscard]] std::size_t possible_prefix() const;

  std::vector<std::string> stops_;
  std::string held_;
  std::string matched_;
  bool stopped_ = false;
};

}  // namespace nearside::engine
