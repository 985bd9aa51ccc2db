#include "grammar/token_trie.h"

#include <algorithm>

namespace nearside::grammar {

TokenTrie::TokenTrie(std::vector<Entry> entries) {
  std::ranges::sort(entries);
  nodes.push_back({});
  std::vector<std::uint32_t> way{0};  // way[d]: the node of the first d bytes
  std::string_view last;
  for (const auto& [bytes, token] : entries) {
    const std::size_t common =
        static_cast<std::size_t>(std::ranges::mismatch(last, bytes).in1 - last.begin());
    while (way.size() > common + 1) {
      nodes[way.back()].end = static_cast<std::uint32_t>(nodes.size());
      way.pop_back();
    }
    for (std::size_t depth = common; depth < bytes.size(); ++depth) {
      way.push_back(static_cast<std::uint32_t>(nodes.size()));
      nodes.push_back({0, static_cast<std::uint32_t>(tokens.size()),
                       static_cast<std::uint16_t>(depth + 1),
                       static_cast<std::uint8_t>(bytes[depth])});
    }
    tokens.push_back(token);
    depth_max = std::max(depth_max, bytes.size());
    last = bytes;
  }
  for (const std::uint32_t node : way) nodes[node].end = static_cast<std::uint32_t>(nodes.size());
  nodes.push_back({0, static_cast<std::uint32_t>(tokens.size()), 0, 0});
}

}  // namespace nearside::grammar
