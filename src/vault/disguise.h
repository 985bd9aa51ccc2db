// What a text looks like in the disguises that egress checks see through.
#pragma once

#include <string>
#include <string_view>

namespace nearside::vault {

/// The lower-case letter or the digit; 0 for every other byte.
char digit_or_letter(char c);
std::string rot13(std::string_view text);
std::string hexadecimal(std::string_view text);
/// The digits of the whole groups of three bytes; what is left over is not among them.
std::string base64_digits(std::string_view text);

}  // namespace nearside::vault
