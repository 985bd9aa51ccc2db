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
    if (is_special) specials_.push_back(spelling);
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

bool SpecialSplitter::may_end_a_token(std::string_view text) const {
  for (const std::string& special : specials_)
    for (std::size_t at = 1; at < special.size(); ++at) {
      if (special[at] != text.front()) continue;
      const std::string_view rest = std::string_view(special).substr(at);
      if (text.starts_with(rest) || rest.starts_with(text)) return true;
    }
  return false;
}

std::string SpecialSplitter::with_breaks(std::string_view text) const {
  std::string out;
  if (text.empty()) return out;
  if (may_end_a_token(text)) out += Tokenizer::kBreak;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    // A control token begins here, or the text ends before that is known.
    const Node* node = &nodes_[0];
    bool begins = false;
    std::size_t end = at;
    while (end < text.size() && !begins && (node = child(*node, text[end])) != nullptr) {
      ++end;
      begins = node->token >= 0 && node->is_special;
    }
    if (!begins && (node == nullptr || end < text.size())) continue;
    // Behind its first character, so that no part of a character stands alone.
    std::size_t after = at + 1;
    while (after < text.size() && (static_cast<unsigned char>(text[after]) & 0xC0U) == 0x80U)
      ++after;
    out.append(text.substr(copied, after - copied)).append(Tokenizer::kBreak);
    copied = after;
  }
  return out.append(text.substr(copied));
}

void SpecialSplitter::split(std::string_view text, Tokenizer::Special special,
                            const OnText& on_text, const OnToken& on_token) const {
  const auto tell = [&](std::string_view plain) {
    if (special != Tokenizer::Special::kParse ||
        plain.find(Tokenizer::kBreak) == std::string_view::npos)
      return on_text(plain);
    std::string whole;
    for (std::size_t at = 0; at < plain.size();) {
      const std::size_t mark = std::min(plain.find(Tokenizer::kBreak, at), plain.size());
      whole.append(plain.substr(at, mark - at));
      at = mark + Tokenizer::kBreak.size();
    }
    if (!whole.empty()) on_text(whole);
  };
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Match found = match(text, at, special);
    if (found.token < 0) {
      ++at;
      continue;
    }
    if (at > start) tell(text.substr(start, at - start));
    on_token(found.token);
    at += found.bytes;
    if (!strips_after_.empty() && strips_after_[static_cast<std::size_t>(found.token)])
      while (at < text.size() && is_ascii_space(text[at])) ++at;
    start = at;
  }
  if (start < text.size()) tell(text.substr(start));
}

}  // namespace nearside::text
