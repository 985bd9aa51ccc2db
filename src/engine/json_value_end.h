// Finds where one JSON value ends in text that arrives in pieces.
#pragma once

#include <cstddef>

namespace nearside::engine {

/// For objects, arrays and strings, which say themselves where they end; numbers and words end
/// where whoever reads around them says so. What lies between the brackets is not checked.
class JsonValueEnd {
 public:
  /// Takes the value's next byte; true when it was the last.
  /// REQUIRES: the first byte is one of { [ ".
  bool ends_with(char byte) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (byte == '\\') {
        escaped_ = true;
      } else if (byte == '"') {
        in_string_ = false;
        return depth_ == 0;
      }
      return false;
    }
    if (byte == '"') in_string_ = true;
    if (byte == '{' || byte == '[') ++depth_;
    if ((byte == '}' || byte == ']') && depth_ > 0) return --depth_ == 0;
    return false;
  }

 private:
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace nearside::engine
