#include "engine/stop_matcher.h"

#include <algorithm>
#include <utility>

#include "engine/held_text.h"

namespace nearside::engine {

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

std::string StopMatcher::push(std::string_view text) {
  if (stopped_) return {};
  held_.append(text);
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops_) {
    const std::size_t at = held_.find(stop);
    if (at >= first) continue;
    first = at;
    matched_ = stop;
  }
  if (first != std::string::npos) {
    stopped_ = true;
    held_.resize(first);
    return std::exchange(held_, {});
  }
  const std::size_t keep = possible_prefix();
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, out.size());
  return out;
}

std::string StopMatcher::finish() { return std::exchange(held_, {}); }

std::size_t StopMatcher::possible_prefix() const {
  std::size_t longest = 0;
  for (const std::string& stop : stops_)
    longest = std::max(longest, begun_marker_bytes(held_, stop));
  return longest;
}

}  // namespace nearside::engine
