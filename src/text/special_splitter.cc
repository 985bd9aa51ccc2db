#include "text/special_splitter.h"

#include <algorithm>

namespace nearside::text {

namespace {

bool less_byte(const std::pair<char, std::uint32_t>& child, char byte) {
  return child.first < byte;
}

bool is_ascii_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

}  // namespace

SpecialSplitter::SpecialSplitter(const Vocabulary& vocabulary, bool strip_after) {
  if (strip_after) strips_after_.resize(vocabulary.spellings.size());
  for (std::size_t i = 0; i < vocabulary.spellings.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    const std::string& spelling = vocabulary.spellings[i];
    const bool is_special = vocabulary.is_special(token);
    if (spelling.empty() || (!is_special && !vocabulary.is(token, TokenType::kUserDefined)))
      continue;
    add(spelling, token, is_special);
    if (strip_after)
      strips_after_[i] = spelling != "<unk>" && spelling != "<s>" && spelling != "<|endoftext|>";
  }
}

void SpecialSplitter::add(std::string_view spelling, TokenId token, bool is_special) {
  std::size_t at = 0;
  for (const char byte : spelling) {
    auto& children = nodes_[at].children;
    const auto place = std::lower_bound(children.begin(), children.end(), byte, less_byte);
    if (place != children.end() && place->first == byte) {
      at = place->second;
      continue;
    }
    const auto next = static_cast<std::uint32_t>(nodes_.size());
    children.insert(place, {byte, next});
    nodes_.emplace_back();
    at = next;
  }
  nodes_[at].token = token;
  nodes_[at].is_special = is_special;
}

const SpecialSplitter::Node* SpecialSplitter::child(const Node& node, char byte) const {
  const auto place = std::lower_bound(node.children.begin(), node.children.end(), byte, less_byte);
  return place != node.children.end() && place->first == byte ? &nodes_[place->second] : nullptr;
}

SpecialSplitter::Match SpecialSplitter::match(std::string_view text, std::size_t at,
                                              Tokenizer::Special special) const {
  Match longest;
  const Node* node = &nodes_[0];
  for (std::size_t i = at; i < text.size(); ++i) {
    node = child(*node, text[i]);
    if (node == nullptr) break;
    if (node->token >= 0 && (!node->is_special || special == Tokenizer::Special::kParse))
      longest = {node->token, i + 1 - at};
  }
  return longest;
}

void SpecialSplitter::split(std::string_view text, Tokenizer::Special special,
                            const OnText& on_text, const OnToken& on_token) const {
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Match found = match(text, at, special);
    if (found.token < 0) {
      ++at;
      continue;
    }
    if (at > start) on_text(text.substr(start, at - start));
    on_token(found.token);
    at += found.bytes;
    if (!strips_after_.empty() && strips_after_[static_cast<std::size_t>(found.token)])
      while (at < text.size() && is_ascii_space(text[at])) ++at;
    start = at;
  }
  if (start < text.size()) on_text(text.substr(start));
}

}  // namespace nearside::text
