#include "engine/utf8_gate.h"

#include <cstddef>

namespace nearside::engine {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Scan {
  std::size_t bytes;  // of the longest part that is, or begins, one well-formed character
  bool whole;
};

/// REQUIRES: text is not empty.
Scan scan(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return {1, true};
  std::size_t length = 0;
  unsigned char least = 0x80;  // of the second byte: rules out overlong forms and surrogates
  unsigned char most = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) least = 0xA0;
    if (first == 0xED) most = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) least = 0x90;
    if (first == 0xF4) most = 0x8F;
  } else {
    return {0, false};
  }
  std::size_t good = 1;
  for (; good < length && good < text.size(); ++good) {
    if (at(good) < least || at(good) > most) break;
    least = 0x80;
    most = 0xBF;
  }
  return {good, good == length};
}

}  // namespace

std::string Utf8Gate::push(std::string_view bytes) {
  held_.append(bytes);
  std::string out;
  std::string_view left = held_;
  while (!left.empty()) {
    const Scan found = scan(left);
    if (found.whole) {
      out.append(left.substr(0, found.bytes));
      left.remove_prefix(found.bytes);
    } else if (found.bytes == left.size()) {
      break;  // the rest of this character may still come
    } else {
      out.append(kReplacement);
      left.remove_prefix(found.bytes == 0 ? 1 : found.bytes);
    }
  }
  held_ = std::string(left);
  return out;
}

std::string Utf8Gate::finish() {
  if (held_.empty()) return {};
  held_.clear();
  return std::string(kReplacement);
}

}  // namespace nearside::engine
