#include "policy/pseudonyms/pseudonymizer.h"

namespace nearside::policy {

std::string StreamRestorer::push(std::string_view chunk) {
  std::string out;
  const std::size_t bytes_max = table_.placeholder_bytes_max();
  for (const char c : chunk) {
    if (held_.empty()) {
      if (c == '[' && bytes_max > 0)
        held_ += c;
      else
        out += c;
      continue;
    }
    held_ += c;
    if (c == ']') {
      const std::string_view value = table_.value(held_);
      out += value.empty() ? std::string_view(held_) : value;
      held_.clear();
    } else if (c == '[') {
      // The bracket before was none of ours; this one may be.
      out.append(held_, 0, held_.size() - 1);
      held_.assign(1, '[');
    } else if (held_.size() >= bytes_max) {
      out += held_;  // too long to be a placeholder
      held_.clear();
    }
  }
  return out;
}

std::string StreamRestorer::finish() {
  std::string out;
  out.swap(held_);
  return out;
}

}  // namespace nearside::policy
