#include <optional>
#include <string>

#include "grammar/regex.h"

namespace nearside::grammar {

namespace {

using base::Code;
using base::fail;
using base::Result;

CodePoints digits() { return {{'0', '9'}}; }
CodePoints word() { return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}; }
/// Source: ECMA-262 section 22.2.2.9, WhiteSpace and LineTerminator.
CodePoints space() {
  return {{0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
          {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
}
CodePoints line_ends() { return {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}; }

RegexNode of_class(CodePoints characters) {
  RegexNode node;
  node.kind = RegexNode::Kind::kClass;
  node.characters = normalised(std::move(characters));
  return node;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<RegexNode> parse() {
    RegexNode regex = TRY(either(0));
    if (at_ < text_.size()) return bad("a ) that closes nothing");
    return regex;
  }

 private:
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(char expected) {
    if (done() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  [[nodiscard]] base::Error bad(std::string_view what) const {
    return fail(Code::kInvalidArgument, "the regular expression has {} at byte {}", what, at_);
  }
  [[nodiscard]] base::Error unsupported(std::string_view what) const {
    return fail(Code::kUnsupported, "{} in a regular expression (byte {}) is not supported", what,
                at_);
  }

  Result<RegexNode> either(std::size_t depth) {
    if (depth > kRegexDepthMax)
      return fail(Code::kTooLarge, "the regular expression nests more than {} groups",
                  kRegexDepthMax);
    RegexNode node;
    node.kind = RegexNode::Kind::kEither;
    do {
      node.parts.push_back(TRY(sequence(depth)));
    } while (take('|'));
    if (node.parts.size() == 1) {
      RegexNode only = std::move(node.parts.front());
      return only;
    }
    return node;
  }

  Result<RegexNode> sequence(std::size_t depth) {
    RegexNode node;
    while (!done() && peek() != '|' && peek() != ')') {
      RegexNode atom = TRY(this->atom(depth));
      node.parts.push_back(TRY(counted(std::move(atom))));
    }
    return node;
  }

  Result<RegexNode> counted(RegexNode atom) {
    std::uint32_t min = 0;
    std::uint32_t max = 0;
    if (take('*')) {
      max = kUnbounded;
    } else if (take('+')) {
      min = 1;
      max = kUnbounded;
    } else if (take('?')) {
      max = 1;
    } else if (peek() == '{') {
      const std::size_t start = at_++;
      const std::optional<std::uint32_t> low = TRY(number());
      const bool comma = take(',');
      const std::optional<std::uint32_t> high = comma ? TRY(number()) : low;
      if (!low || !take('}')) {  // not a count: a brace like any character (ECMA-262 annex B)
        at_ = start;
        return atom;
      }
      min = *low;
      max = high.value_or(kUnbounded);
      if (min > max) return bad("a count whose end is below its begin");
    } else {
      return atom;
    }
    take('?');  // lazy: the same texts match
    if (peek() == '+' || peek() == '*') return unsupported("a count of a count");
    RegexNode node;
    node.kind = RegexNode::Kind::kRepeat;
    node.min = min;
    node.max = max;
    node.parts.push_back(std::move(atom));
    return node;
  }

  Result<std::optional<std::uint32_t>> number() {
    if (peek() < '0' || peek() > '9') return std::optional<std::uint32_t>();
    std::uint32_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(peek() - '0');
      if (value > kRegexCountMax)
        return fail(Code::kTooLarge, "the regular expression counts past {}", kRegexCountMax);
    }
    return std::optional(value);
  }

  Result<RegexNode> atom(std::size_t depth) {
    const char next = peek();
    if (next == '(') return group(depth);
    if (next == '[') return bracket();
    if (next == '*' || next == '+' || next == '?') return bad("a count of nothing");
    if (take('.')) return of_class(complement(line_ends()));
    if (next == '^' || next == '$') {
      ++at_;
      RegexNode node;
      node.kind = next == '^' ? RegexNode::Kind::kBegin : RegexNode::Kind::kEnd;
      return node;
    }
    if (next == '\\') return of_class(TRY(escape(false)));
    const std::uint32_t code = TRY(code_point());
    return of_class({{code, code}});
  }

  Result<RegexNode> group(std::size_t depth) {
    ++at_;
    if (take("?=") || take("?!") || take("?<=") || take("?<!")) return unsupported("lookaround");
    if (take("?<") || take("?P<")) {
      while (!done() && peek() != '>') ++at_;
      take('>');
    } else if (take("?") && !take(':')) {
      return unsupported("a group that begins with (?");
    }
    RegexNode inner = TRY(either(depth + 1));
    if (!take(')')) return bad("a ( that nothing closes");
    return inner;
  }

  Result<std::uint32_t> code_point() {
    const std::size_t start = at_;
    const unsigned char lead = static_cast<unsigned char>(text_[at_++]);
    if (lead < 0x80) return std::uint32_t{lead};
    const unsigned tail = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    std::uint32_t code = lead & (0x3fU >> tail);
    for (unsigned i = 0; i < tail; ++i, ++at_) {
      if ((static_cast<unsigned char>(peek()) & 0xc0) != 0x80) {
        at_ = start;
        return bad("bytes that are not UTF-8");
      }
      code = (code << 6) | (static_cast<unsigned char>(peek()) & 0x3fU);
    }
    return code;
  }

  Result<std::uint32_t> hex(unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i, ++at_) {
      const char digit = peek();
      value <<= 4;
      if (digit >= '0' && digit <= '9')
        value |= static_cast<std::uint32_t>(digit - '0');
      else if (digit >= 'a' && digit <= 'f')
        value |= static_cast<std::uint32_t>(digit - 'a' + 10);
      else if (digit >= 'A' && digit <= 'F')
        value |= static_cast<std::uint32_t>(digit - 'A' + 10);
      else
        return bad("an escape without its hexadecimal digits");
    }
    return value;
  }

  Result<std::uint32_t> unicode_escape() {
    if (take('{')) {
      unsigned count = 0;
      while (peek(count) != '}' && count < 6) ++count;
      const std::uint32_t code = TRY(hex(count));
      if (!take('}') || code > 0x10ffff) return bad("an escape of no character");
      return code;
    }
    const std::uint32_t high = TRY(hex(4));
    if (high < 0xd800 || high > 0xdbff || !take("\\u")) return high;
    const std::uint32_t low = TRY(hex(4));
    if (low < 0xdc00 || low > 0xdfff) return bad("half of a surrogate pair");
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  }

  /// After a backslash: one character, or a class.
  Result<CodePoints> escape(bool in_bracket) {
    ++at_;
    if (done()) return bad("a backslash at the end");
    const auto one = [](std::uint32_t code) { return CodePoints{{code, code}}; };
    const char kind = peek();
    if (static_cast<unsigned char>(kind) >= 0x80) return one(TRY(code_point()));
    ++at_;
    switch (kind) {
      case 'd':
        return digits();
      case 'D':
        return complement(digits());
      case 'w':
        return word();
      case 'W':
        return complement(word());
      case 's':
        return space();
      case 'S':
        return complement(normalised(space()));
      case 'n':
        return one('\n');
      case 'r':
        return one('\r');
      case 't':
        return one('\t');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case 'x':
        return one(TRY(hex(2)));
      case 'u':
        return one(TRY(unicode_escape()));
      case 'c': {
        const char letter = peek();
        if (((letter | 0x20) < 'a') || ((letter | 0x20) > 'z')) return bad("\\c without a letter");
        ++at_;
        return one(static_cast<std::uint32_t>(letter) & 0x1f);
      }
      case 'b':
        if (in_bracket) return one('\b');
        return unsupported("\\b");
      case 'B':
        return unsupported("\\B");
      case 'p':
      case 'P':
        return unsupported("\\p");
      case 'A':
      case 'Z':
      case 'z':
      case 'G':
      case 'k':
        return unsupported(std::string("\\") + kind);
      case '0':
        if (peek() < '0' || peek() > '9') return one(0);
        return unsupported("an octal escape");
      default:
        break;
    }
    if (kind >= '1' && kind <= '9') return unsupported("a back reference");
    return one(static_cast<std::uint32_t>(kind));
  }

  Result<RegexNode> bracket() {
    ++at_;
    const bool negated = take('^');
    CodePoints ranges;
    while (true) {
      if (done()) return bad("a [ that nothing closes");
      if (take(']')) break;
      const CodePoints low = TRY(bracket_part());
      const bool single = low.size() == 1 && low[0].first == low[0].second;
      if (peek() == '-' && peek(1) != ']' && peek(1) != '\0' && single) {
        ++at_;
        const CodePoints high = TRY(bracket_part());
        if (high.size() == 1 && high[0].first == high[0].second) {
          if (high[0].first < low[0].first) return bad("a range whose end is below its begin");
          ranges.emplace_back(low[0].first, high[0].first);
          continue;
        }
        ranges.emplace_back('-', '-');  // `[a-\d]`: a hyphen like any character
        ranges.insert(ranges.end(), high.begin(), high.end());
      }
      ranges.insert(ranges.end(), low.begin(), low.end());
    }
    ranges = normalised(std::move(ranges));
    return of_class(negated ? complement(ranges) : ranges);
  }
  Result<CodePoints> bracket_part() {
    if (peek() == '\\') return escape(true);
    const std::uint32_t code = TRY(code_point());
    return CodePoints{{code, code}};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<RegexNode> parse_regex(std::string_view pattern, RegexUse use) {
  if (pattern.size() > kRegexBytesMax)
    return fail(Code::kTooLarge, "the regular expression has {} bytes, more than {}",
                pattern.size(), kRegexBytesMax);
  RegexNode regex = TRY(Parser(pattern).parse());
  if (use == RegexUse::kSearch) {
    // Anything may come before and after; the anchors say where not.
    RegexNode any;
    any.kind = RegexNode::Kind::kRepeat;
    any.max = kUnbounded;
    any.parts.push_back(of_class({{0, 0x10ffff}}));
    RegexNode whole;
    whole.parts = {any, std::move(regex), any};
    regex = std::move(whole);
  }
  return without_anchors(regex);
}

}  // namespace nearside::grammar
