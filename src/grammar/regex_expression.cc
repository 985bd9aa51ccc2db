#include <algorithm>

#include "grammar/json_text.h"
#include "grammar/regex.h"

namespace nearside::grammar {

namespace {

constexpr std::uint32_t kCodePointMax = 0x10ffff;

Expr byte_range(ExpressionPool& pool, std::uint32_t first, std::uint32_t last) {
  return pool.bytes(
      ByteSet::range(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last)));
}

/// Code points first..last, all of `bytes` bytes in UTF-8, the way RE2 splits them: cut so that all
/// trailing bytes run over their full range, or only the last one varies.
void append_utf8_ranges(ExpressionPool& pool, std::uint32_t first, std::uint32_t last,
                        std::vector<Expr>& out) {
  for (unsigned tail = 1; tail < 4; ++tail) {
    const std::uint32_t low_bits = (1U << (6 * tail)) - 1;
    if ((first & ~low_bits) == (last & ~low_bits)) continue;
    if ((first & low_bits) != 0) {
      append_utf8_ranges(pool, first, first | low_bits, out);
      return append_utf8_ranges(pool, (first | low_bits) + 1, last, out);
    }
    if ((last & low_bits) != low_bits) {
      append_utf8_ranges(pool, first, (last & ~low_bits) - 1, out);
      return append_utf8_ranges(pool, last & ~low_bits, last, out);
    }
  }
  std::string low;
  std::string high;
  append_utf8(first, low);
  append_utf8(last, high);
  Expr expr = kEmpty;
  for (std::size_t i = low.size(); i-- > 0;)
    expr = pool.sequence(
        byte_range(pool, static_cast<std::uint8_t>(low[i]), static_cast<std::uint8_t>(high[i])),
        expr);
  out.push_back(expr);
}

}  // namespace

CodePoints normalised(CodePoints ranges) {
  std::ranges::sort(ranges);
  CodePoints joined;
  for (const auto& [first, last] : ranges) {
    if (!joined.empty() && first <= joined.back().second + 1)
      joined.back().second = std::max(joined.back().second, last);
    else
      joined.emplace_back(first, last);
  }
  CodePoints out;
  for (const auto& [first, last] : joined) {
    if (first < 0xd800) out.emplace_back(first, std::min(last, 0xd7ffU));
    if (last > 0xdfff) out.emplace_back(std::max(first, 0xe000U), std::min(last, kCodePointMax));
  }
  return out;
}

CodePoints complement(const CodePoints& ranges) {
  CodePoints out;
  std::uint32_t next = 0;
  for (const auto& [first, last] : ranges) {
    if (first > next) out.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= kCodePointMax) out.emplace_back(next, kCodePointMax);
  return normalised(std::move(out));
}

Expr class_expression(const CodePoints& characters, RegexText text, ExpressionPool& pool) {
  std::vector<Expr> ways;
  ByteSet ascii;
  for (const auto& [first, last] : characters) {
    for (std::uint32_t code = first; code <= std::min(last, 0x7fU); ++code) {
      const bool escaped =
          text == RegexText::kJsonString && (code < 0x20 || code == '"' || code == '\\');
      if (escaped)
        ways.push_back(pool.literal(json_character(code)));
      else
        ascii.add(static_cast<std::uint8_t>(code));
    }
    constexpr std::uint32_t kLengthEnds[] = {0x7f, 0x7ff, 0xffff, kCodePointMax};
    for (std::size_t length = 1; length < 4; ++length) {
      const std::uint32_t low = std::max(first, kLengthEnds[length - 1] + 1);
      const std::uint32_t high = std::min(last, kLengthEnds[length]);
      if (low <= high) append_utf8_ranges(pool, low, high, ways);
    }
  }
  ways.push_back(pool.bytes(ascii));
  return pool.either(ways);
}

Expr to_expression(const RegexNode& regex, RegexText text, ExpressionPool& pool) {
  switch (regex.kind) {
    case RegexNode::Kind::kClass:
      return class_expression(regex.characters, text, pool);
    case RegexNode::Kind::kSequence: {
      Expr expr = kEmpty;
      for (std::size_t i = regex.parts.size(); i-- > 0;)
        expr = pool.sequence(to_expression(regex.parts[i], text, pool), expr);
      return expr;
    }
    case RegexNode::Kind::kEither: {
      std::vector<Expr> ways;
      for (const RegexNode& part : regex.parts) ways.push_back(to_expression(part, text, pool));
      return pool.either(ways);
    }
    case RegexNode::Kind::kRepeat:
      return pool.repeat(to_expression(regex.parts[0], text, pool), regex.min, regex.max);
    default:
      return kNothing;  // anchors have been taken out
  }
}

}  // namespace nearside::grammar
