#include "policy/pseudonyms/stream_restorer.h"

#include "base/json.h"

namespace nearside::policy {

namespace {

/// As it stands between the quotes of a JSON string.
std::string json_inside(std::string_view value) {
  const std::string quoted =
      base::json::serialize(base::json::string_view(value.data(), value.size()));
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

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
      if (value.empty())
        out += held_;
      else if (spelling_ == Spelling::kJson)
        out += json_inside(value);
      else
        out += value;
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
