// Lets bytes out as whole UTF-8 characters: a token may hold a part of one only.
#pragma once

#include <string>
#include <string_view>

namespace nearside::engine {

/// Holds at most three bytes. What can never become a character goes out as U+FFFD, one for each
/// maximal invalid part. Source: Unicode 15, section 3.9, table 3-7.
class Utf8Gate {
 public:
  [[nodiscard]] std::string push(std::string_view bytes);
  /// The text ends here: a character left incomplete becomes U+FFFD.
  [[nodiscard]] std::string finish();
  [[nodiscard]] bool holds() const { return !held_.empty(); }

 private:
  std::string held_;
};

}  // namespace nearside::engine
