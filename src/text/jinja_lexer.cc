#include "text/jinja_lexer.h"

#include "text/jinja_literal.h"
#include "text/jinja_text.h"

namespace nearside::text::jinja {

using base::Result;
using base::Status;

namespace {

constexpr std::size_t kNone = std::string_view::npos;

// "\r\n" and "\r" become "\n"; one newline at the very end goes.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) TRY(text_and_tag());
    push(TokenType::kEnd);
    return std::move(tokens_);
  }

 private:
  // What may close a tag or a raw block: where it ends, and whether it was found.
  struct Close {
    std::size_t end = 0;
    bool found = false;
  };

  Token& push(TokenType type) {
    tokens_.emplace_back();
    tokens_.back().type = type;
    tokens_.back().line = line_;
    return tokens_.back();
  }

  [[nodiscard]] bool starts(std::size_t at, std::string_view spelling) const {
    return source_.substr(at, spelling.size()) == spelling;
  }

  [[nodiscard]] std::size_t skip_space(std::size_t at) const {
    return source_.size() - strip_left(source_.substr(at), nullptr).size();
  }

  // Moves to `end`, counting lines.
  void advance(std::size_t end) {
    for (; at_ < end; ++at_)
      if (source_[at_] == '\n') ++line_;
    line_starting_ = at_ > 0 && source_[at_ - 1] == '\n';
  }

  // The text up to the next tag, then the tag whole.
  Status text_and_tag() {
    const std::size_t tag = next_tag(at_);
    const std::size_t text_end = tag == kNone ? source_.size() : tag;
    if (tag == kNone) {
      add_text(source_.substr(at_, text_end - at_));
      advance(text_end);
      return {};
    }
    const char opener = source_[tag + 1];
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    const bool signed_tag = sign == '-' || sign == '+';
    add_text(stripped(at_, text_end, signed_tag ? sign : '\0', opener == '{'));
    advance(tag);
    const std::size_t inside = tag + (signed_tag ? 3 : 2);
    if (opener == '#') return comment(inside);
    if (opener == '%') {
      const Close raw = raw_begin(inside);
      if (raw.found) return raw_block(raw.end);
    }
    return tag_tokens(opener == '{', inside);
  }

  [[nodiscard]] std::size_t next_tag(std::size_t from) const {
    for (std::size_t at = source_.find('{', from); at != kNone && at + 1 < source_.size();
         at = source_.find('{', at + 1)) {
      const char next = source_[at + 1];
      if (next == '{' || next == '%' || next == '#') return at;
    }
    return kNone;
  }

  void add_text(std::string_view text) {
    if (!text.empty()) push(TokenType::kText).text = text;
  }

  // The text [begin, end) before a tag with that sign, without what the tag takes away.
  [[nodiscard]] std::string_view stripped(std::size_t begin, std::size_t end, char sign,
                                          bool variable) const {
    const std::string_view text = source_.substr(begin, end - begin);
    if (sign == '-') return strip_right(text, nullptr);
    if (sign == '+' || variable) return text;
    const std::size_t newline = text.rfind('\n');
    if (newline == kNone && !line_starting_) return text;
    const std::size_t line_start = newline == kNone ? 0 : newline + 1;
    const bool blank = strip_left(text.substr(line_start), nullptr).empty();
    return blank ? text.substr(0, line_start) : text;
  }

  // `-%}` with the white space after it, `+%}`, or `%}` with one newline (trim_blocks).
  [[nodiscard]] Close block_close(std::size_t at) const {
    if (starts(at, "+%}")) return {at + 3, true};
    if (starts(at, "-%}")) return {skip_space(at + 3), true};
    if (starts(at, "%}")) return {starts(at + 2, "\n") ? at + 3 : at + 2, true};
    return {};
  }

  [[nodiscard]] Close variable_close(std::size_t at) const {
    if (starts(at, "-}}")) return {skip_space(at + 3), true};
    if (starts(at, "}}")) return {at + 2, true};
    return {};
  }

  [[nodiscard]] Close raw_begin(std::size_t at) const {
    at = skip_space(at);
    if (!starts(at, "raw")) return {};
    at = skip_space(at + 3);
    if (starts(at, "-%}")) return {skip_space(at + 3), true};
    if (starts(at, "%}")) return {at + 2, true};
    return {};
  }

  Status comment(std::size_t inside) {
    const std::uint32_t line = line_;
    if (inside >= source_.size()) {  // Jinja forgives an opening at the very end
      advance(source_.size());
      return {};
    }
    const std::size_t close = source_.find("#}", inside);
    if (close == kNone) return syntax_error(line, "a comment is not closed with '#}}'");
    const char sign = close > inside ? source_[close - 1] : '\0';
    std::size_t end = close + 2;
    if (sign == '-')
      end = skip_space(end);
    else if (sign != '+' && starts(end, "\n"))
      ++end;
    advance(end);
    return {};
  }

  Status raw_block(std::size_t begin) {
    const std::uint32_t line = line_;
    advance(begin);
    if (begin >= source_.size()) return {};  // forgiven, as with comments
    for (std::size_t tag = source_.find("{%", begin); tag != kNone;
         tag = source_.find("{%", tag + 1)) {
      const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
      const bool signed_tag = sign == '-' || sign == '+';
      std::size_t at = skip_space(tag + (signed_tag ? 3 : 2));
      if (!starts(at, "endraw")) continue;
      const Close close = block_close(skip_space(at + 6));
      if (!close.found) continue;
      add_text(stripped(begin, tag, signed_tag ? sign : '\0', false));
      advance(close.end);
      return {};
    }
    return syntax_error(line, "a raw block is not closed with 'endraw'");
  }

  Status tag_tokens(bool variable, std::size_t inside) {
    push(variable ? TokenType::kVariableBegin : TokenType::kBlockBegin);
    advance(inside);
    std::string open_brackets;
    while (true) {
      if (open_brackets.empty()) {
        const Close close = variable ? variable_close(at_) : block_close(at_);
        if (close.found) {
          push(variable ? TokenType::kVariableEnd : TokenType::kBlockEnd);
          advance(close.end);
          return {};
        }
      }
      advance(skip_space(at_));
      if (at_ >= source_.size())
        return syntax_error(line_, "the template ends inside of a tag; expected '{}'",
                            variable ? "}}" : "%}");
      // After white space the tag may end: the loop looks again before taking a token.
      if (open_brackets.empty() && (variable ? variable_close(at_).found : block_close(at_).found))
        continue;
      TRY(tag_token(open_brackets));
    }
  }

  Status tag_token(std::string& open_brackets) {
    if (const NumberSpelling number = number_at(source_, at_); number.bytes > 0)
      return add_number(number);
    const CodePoint point = decode_at(source_, at_);
    if (is_word(point.value)) return add_name();
    if (source_[at_] == '\'' || source_[at_] == '"') return add_string(source_[at_]);
    return add_operator(open_brackets);
  }

  Status add_number(const NumberSpelling& number) {
    const std::string_view spelling = source_.substr(at_, number.bytes);
    Token& token = push(number.real ? TokenType::kFloat : TokenType::kInteger);
    token.text = spelling;
    if (number.real) {
      token.real = real_value(spelling);
    } else {
      const auto value = integer_value(spelling);
      if (!value) return syntax_error(line_, "the number {:.40} needs more than 64 bits", spelling);
      token.integer = *value;
    }
    advance(at_ + number.bytes);
    return {};
  }

  Status add_name() {
    std::size_t end = at_;
    while (end < source_.size()) {
      const CodePoint point = decode_at(source_, end);
      if (!is_word(point.value)) break;
      end += point.bytes;
    }
    push(TokenType::kName).text = source_.substr(at_, end - at_);
    advance(end);
    return {};
  }

  Status add_string(char quote) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size())
      return syntax_error(line_, "a string that starts with {} is not closed", quote);
    auto text = unescape(source_.substr(at_ + 1, end - at_ - 1));
    if (!text) return syntax_error(line_, "{}", text.error().message);
    push(TokenType::kString).text = std::move(*text);
    advance(end + 1);
    return {};
  }

  Status add_operator(std::string& open_brackets) {
    for (const std::string_view spelling : {"//", "**", "==", "!=", "<=", ">="})
      if (starts(at_, spelling)) return push_operator(2);
    const char c = source_[at_];
    if (std::string_view("+-/*%~[](){}><=.:|,;").find(c) == kNone)
      return syntax_error(line_, "unexpected character '{}'",
                          source_.substr(at_, decode_at(source_, at_).bytes));
    if (c == '(') open_brackets += ')';
    if (c == '[') open_brackets += ']';
    if (c == '{') open_brackets += '}';
    if (c == ')' || c == ']' || c == '}') {
      if (open_brackets.empty()) return syntax_error(line_, "unexpected '{}'", c);
      if (open_brackets.back() != c)
        return syntax_error(line_, "unexpected '{}', expected '{}'", c, open_brackets.back());
      open_brackets.pop_back();
    }
    return push_operator(1);
  }

  Status push_operator(std::size_t bytes) {
    push(TokenType::kOperator).text = source_.substr(at_, bytes);
    advance(at_ + bytes);
    return {};
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool line_starting_ = true;  // what came last ended with a newline
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) {
  if (!is_valid_utf8(source)) return syntax_error(1, "it is not valid UTF-8");
  const std::string text = normalized(source);
  return Lexer(text).run();
}

std::string describe(const Token& token) {
  constexpr std::size_t kShownBytes = 40;
  switch (token.type) {
    case TokenType::kText:
      return "text";
    case TokenType::kVariableBegin:
      return "'{{'";
    case TokenType::kVariableEnd:
      return "'}}'";
    case TokenType::kBlockBegin:
      return "'{%'";
    case TokenType::kBlockEnd:
      return "'%}'";
    case TokenType::kString:
      return "a string";
    case TokenType::kEnd:
      return "the end of the template";
    default:
      return "'" + token.text.substr(0, kShownBytes) + "'";
  }
}

}  // namespace nearside::text::jinja
