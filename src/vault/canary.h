// A canary: letters that stand in a protected text and nowhere else, so that whoever finds them
// knows which text leaked, and through which tenant.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace nearside::vault {

/// 20 letters: 94 bits. From the secret text itself, so that nobody without the text can make or
/// recognise one, and no key has to be kept. `name` is the template's with its version.
std::string make_canary(std::string_view secret_text, std::string_view name,
                        std::string_view tenant);

inline constexpr std::size_t kCanaryLetters = 20;
/// Symbols of its longest form (hexadecimal): so much must be held back for none of it to get out.
inline constexpr std::size_t kCanarySymbolsMax = 2 * kCanaryLetters;

/// Finds one canary in a stream, as it is, backwards, in rot13, hexadecimal or base64, whatever
/// else stands between its letters but letters and digits. Not thread-safe.
class CanaryWatch {
 public:
  explicit CanaryWatch(std::string_view canary);
  /// True once it was seen.
  bool push(std::string_view text);

 private:
  std::array<std::string, 7> forms_;  // in lower-case letters and digits
  std::string recent_;                // the latest symbols
  bool seen_ = false;
};

}  // namespace nearside::vault
