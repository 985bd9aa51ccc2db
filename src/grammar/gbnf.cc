#include "grammar/gbnf.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "grammar/json_text.h"
#include "grammar/regex.h"

namespace nearside::grammar {

namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

constexpr std::uint32_t kCountMax = 100'000;  // in {m,n}
constexpr std::size_t kInlineRoundsMax = 16;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

class Parser {
 public:
  Parser(std::string_view text, Grammar& grammar) : text_(text), grammar_(grammar) {}

  Status parse() {
    skip(true);
    while (at_ < text_.size()) TRY(rule());
    for (const auto& [name, rule] : rules_)
      if (!rule.defined)
        return fail(Code::kInvalidArgument, "line {}: no rule is named {}", rule.line, name);
    const auto root = rules_.find("root");
    if (root == rules_.end())
      return fail(Code::kInvalidArgument, "the grammar has no rule named root");
    grammar_.root = root->second.node;
    return {};
  }

  [[nodiscard]] std::string name_of(NodeId node) const {
    for (const auto& [name, rule] : rules_)
      if (rule.node == node) return name;
    return "?";
  }

 private:
  struct Rule {
    NodeId node = kNoNode;
    bool defined = false;
    std::size_t line = 0;
  };

  [[nodiscard]] base::Error bad(std::string_view what) const {
    return fail(Code::kInvalidArgument, "line {} of the grammar: {}", line_, what);
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  /// Blanks and comments, and line ends where a rule cannot end.
  void skip(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
        if (c == '\n') ++line_;
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string_view name() {
    const std::size_t start = at_;
    while (is_name(peek())) ++at_;
    return text_.substr(start, at_ - start);
  }
  Result<Rule*> rule_named(std::string_view name) {
    Rule& rule = rules_[std::string(name)];
    if (rule.node == kNoNode) {
      if (rules_.size() > kGbnfRulesMax)
        return fail(Code::kTooLarge, "the grammar has more than {} rules", kGbnfRulesMax);
      rule.node = grammar_.add({});
      rule.line = line_;
    }
    return &rule;
  }

  Status rule() {
    const std::string_view name = this->name();
    if (name.empty()) return bad("expected the name of a rule");
    Rule* const rule = TRY(rule_named(name));
    if (rule->defined) return bad(fmt::format("the rule {} is defined twice", name));
    rule->defined = true;
    skip(false);
    if (text_.substr(at_, 3) != "::=") return bad(fmt::format("expected ::= after {}", name));
    at_ += 3;
    skip(true);
    const NodeId target = rule->node;
    const NodeId body = TRY(choice(0));
    Node node;
    node.kind = Node::Kind::kChoice;
    node.parts = {body};
    grammar_.nodes[target] = std::move(node);
    if (at_ < text_.size() && peek() != '\n') return bad("expected the end of a rule");
    skip(true);
    return {};
  }

  Result<NodeId> choice(std::size_t depth) {
    if (depth > kGbnfDepthMax)
      return fail(Code::kTooLarge, "line {}: more than {} nested groups", line_, kGbnfDepthMax);
    std::vector<NodeId> parts;
    do {
      skip(true);
      parts.push_back(TRY(sequence(depth)));
      skip(depth > 0);
    } while (take('|'));
    if (parts.size() == 1) return parts.front();
    // Alternatives without rules are one terminal, and so one reading instead of many.
    if (std::ranges::all_of(parts, [&](NodeId part) { return is_terminal(part); })) {
      std::vector<Expr> ways;
      for (const NodeId part : parts) ways.push_back(grammar_.nodes[part].expr);
      return grammar_.terminal(grammar_.pool.either(ways));
    }
    Node node;
    node.kind = Node::Kind::kChoice;
    node.parts = std::move(parts);
    return grammar_.add(std::move(node));
  }

  [[nodiscard]] bool is_terminal(NodeId id) const {
    return grammar_.nodes[id].kind == Node::Kind::kTerminal;
  }

  Result<NodeId> sequence(std::size_t depth) {
    std::vector<NodeId> parts;
    while (true) {
      skip(depth > 0);
      const char c = peek();
      if (c == '\0' || c == '|' || c == ')' || c == '\n') break;
      NodeId part = TRY(atom(depth));
      part = TRY(counted(part));
      if (!parts.empty() && is_terminal(part) && is_terminal(parts.back())) {
        parts.back() = grammar_.terminal(
            grammar_.pool.sequence(grammar_.nodes[parts.back()].expr, grammar_.nodes[part].expr));
        continue;
      }
      parts.push_back(part);
    }
    if (parts.empty()) return grammar_.terminal(kEmpty);
    if (parts.size() == 1) return parts.front();
    Node node;
    node.kind = Node::Kind::kSequence;
    node.parts = std::move(parts);
    return grammar_.add(std::move(node));
  }

  Result<NodeId> counted(NodeId inner) {
    while (true) {
      std::uint32_t min = 0;
      std::uint32_t max = kUnbounded;
      if (take('*')) {
      } else if (take('+')) {
        min = 1;
      } else if (take('?')) {
        max = 1;
      } else if (take('{')) {
        skip(false);
        const std::optional<std::uint32_t> low = TRY(number());
        if (!low) return bad("expected a number after {");
        min = *low;
        skip(false);
        if (take(',')) {
          skip(false);
          max = TRY(number()).value_or(kUnbounded);
          skip(false);
        } else {
          max = min;
        }
        if (!take('}')) return bad("expected } after a count");
        if (min > max) return bad("a count ends below its begin");
      } else {
        return inner;
      }
      if (is_terminal(inner)) {
        inner = grammar_.terminal(grammar_.pool.repeat(grammar_.nodes[inner].expr, min, max));
        continue;
      }
      Node node;
      node.kind = Node::Kind::kRepeat;
      node.min = min;
      node.max = max;
      node.parts = {inner};
      inner = grammar_.add(std::move(node));
    }
  }

  Result<std::optional<std::uint32_t>> number() {
    if (peek() < '0' || peek() > '9') return std::optional<std::uint32_t>();
    std::uint32_t value = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(peek() - '0');
      if (value > kCountMax)
        return fail(Code::kTooLarge, "line {}: a count past {}", line_, kCountMax);
    }
    return std::optional(value);
  }

  Result<NodeId> atom(std::size_t depth) {
    if (take('"')) {
      std::string literal;
      while (!take('"')) {
        if (at_ >= text_.size() || peek() == '\n') return bad("a literal that does not end");
        append_utf8(TRY(character()), literal);
      }
      return grammar_.terminal(grammar_.pool.literal(literal));
    }
    if (take('[')) {
      const bool negated = take('^');
      CodePoints ranges;
      while (!take(']')) {
        if (at_ >= text_.size()) return bad("a [ that nothing closes");
        const std::uint32_t low = TRY(character());
        std::uint32_t high = low;
        if (peek() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
          ++at_;
          high = TRY(character());
          if (high < low) return bad("a range ends below its begin");
        }
        ranges.emplace_back(low, high);
      }
      ranges = normalised(std::move(ranges));
      if (negated) ranges = complement(ranges);
      return grammar_.terminal(class_expression(ranges, RegexText::kPlain, grammar_.pool));
    }
    if (take('.'))
      return grammar_.terminal(
          class_expression({{0, 0xd7ff}, {0xe000, 0x10ffff}}, RegexText::kPlain, grammar_.pool));
    if (take('(')) {
      const NodeId inner = TRY(choice(depth + 1));
      if (!take(')')) return bad("a ( that nothing closes");
      return inner;
    }
    const std::string_view name = this->name();
    // One byte of a longer character is no text to be quoted.
    if (name.empty() && (static_cast<unsigned char>(peek()) & 0x80U) != 0)
      return bad("unexpected character that is not ASCII; put it in quotes");
    if (name.empty()) return bad(fmt::format("unexpected character {:?}", std::string(1, peek())));
    return TRY(rule_named(name))->node;
  }

  Result<std::uint32_t> hex(unsigned digits) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < digits; ++i, ++at_) {
      const char c = peek();
      value <<= 4;
      if (c >= '0' && c <= '9')
        value |= static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        value |= static_cast<std::uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        value |= static_cast<std::uint32_t>(c - 'A' + 10);
      else
        return bad("an escape without its hexadecimal digits");
    }
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
      return bad("an escape of no character");
    return value;
  }

  /// One code point of a literal or class.
  Result<std::uint32_t> character() {
    if (at_ >= text_.size()) return bad("the grammar ends inside a literal or class");
    const auto lead = static_cast<unsigned char>(text_[at_++]);
    if (lead == '\n') ++line_;
    if (lead == '\\') {
      const char kind = peek();
      ++at_;
      switch (kind) {
        case 'n':
          return std::uint32_t{'\n'};
        case 'r':
          return std::uint32_t{'\r'};
        case 't':
          return std::uint32_t{'\t'};
        case 'x':
          return hex(2);
        case 'u':
          return hex(4);
        case 'U':
          return hex(8);
        case '"':
        case '\\':
        case '[':
        case ']':
        case '-':
          return static_cast<std::uint32_t>(kind);
        default:
          return bad("an unknown escape");
      }
    }
    if (lead < 0x80) return std::uint32_t{lead};
    const unsigned tail = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    std::uint32_t code = lead & (0x3fU >> tail);
    for (unsigned i = 0; i < tail; ++i, ++at_) {
      if ((static_cast<unsigned char>(peek()) & 0xc0) != 0x80)
        return bad("bytes that are not UTF-8");
      code = (code << 6) | (static_cast<unsigned char>(peek()) & 0x3fU);
    }
    if (code > 0x10ffff) return bad("bytes that are not UTF-8");
    return code;
  }

  std::string_view text_;
  Grammar& grammar_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::unordered_map<std::string, Rule> rules_;
};

/// A node that begins with itself, or kNoNode: following it would never end.
NodeId left_recursion(const Grammar& grammar) {
  const std::vector<bool> nullable = grammar.nullable();
  enum : std::uint8_t { kNew, kOpen, kDone };
  std::vector<std::uint8_t> mark(grammar.nodes.size(), kNew);
  struct Visit {
    NodeId node;
    std::size_t next = 0;
  };
  for (NodeId root = 0; root < grammar.nodes.size(); ++root) {
    if (mark[root] != kNew) continue;
    std::vector<Visit> way{{root}};
    mark[root] = kOpen;
    while (!way.empty()) {
      Visit& visit = way.back();
      const Node& node = grammar.nodes[visit.node];
      // Of a sequence, the parts up to the first that cannot be empty.
      const bool past = node.kind == Node::Kind::kSequence && visit.next > 0 &&
                        !nullable[node.parts[visit.next - 1]];
      if (visit.next >= node.parts.size() || past) {
        mark[visit.node] = kDone;
        way.pop_back();
        continue;
      }
      const NodeId part = node.parts[visit.next++];
      if (mark[part] == kOpen) return part;
      if (mark[part] == kDone) continue;
      mark[part] = kOpen;
      way.push_back({part});
    }
  }
  return kNoNode;
}

/// Replaces a rule that is only another node by it, as far as terminals go: `ws ::= [ \n]*` is then
/// part of the terminals around it.
void inline_terminals(Grammar& grammar) {
  // Rounds are bounded because a long chain of rules takes one for each; the rest stays as it is.
  bool changed = true;
  for (std::size_t round = 0; changed && round < kInlineRoundsMax; ++round) {
    changed = false;
    for (Node& node : grammar.nodes) {
      if (node.kind == Node::Kind::kTerminal || node.kind == Node::Kind::kImpossible) continue;
      std::vector<Expr> exprs;
      for (const NodeId part : node.parts) {
        if (grammar.nodes[part].kind != Node::Kind::kTerminal) break;
        exprs.push_back(grammar.nodes[part].expr);
      }
      if (exprs.size() != node.parts.size() || exprs.empty()) continue;
      Expr expr = kEmpty;
      switch (node.kind) {
        case Node::Kind::kChoice:
          expr = grammar.pool.either(exprs);
          break;
        case Node::Kind::kRepeat:
          expr = grammar.pool.repeat(exprs[0], node.min, node.max);
          break;
        default:
          for (std::size_t i = exprs.size(); i-- > 0;) expr = grammar.pool.sequence(exprs[i], expr);
      }
      node = {};
      node.kind = Node::Kind::kTerminal;
      node.expr = expr;
      changed = true;
    }
  }
}

}  // namespace

base::Status add_gbnf(std::string_view text, Grammar& grammar) {
  if (text.size() > kGbnfBytesMax)
    return fail(Code::kTooLarge, "the grammar has {} bytes, more than {}", text.size(),
                kGbnfBytesMax);
  Parser parser(text, grammar);
  TRY(parser.parse());
  const NodeId circle = left_recursion(grammar);
  if (circle != kNoNode)
    return fail(Code::kInvalidArgument,
                "the rule {} of the grammar begins with itself; write it as a repetition instead",
                parser.name_of(circle));
  inline_terminals(grammar);
  return {};
}

}  // namespace nearside::grammar
