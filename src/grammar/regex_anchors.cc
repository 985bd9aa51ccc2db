// Takes ^ and $ out of a regular expression that the whole text has to match.
//
// `$` holds where nothing follows. Think of it as a mark that a text may have any number of at its
// end: the texts that match are those that the expression makes when marks at the end are dropped.
// For every part that gives three expressions: the texts it makes without marks (`plain`), those
// with marks dropped at the end (`ended`), and whether it can make marks only (`marks`). `^` is the
// same from the other side. So `(,|$)` in the middle of a loop is as right as `$` at the very end.
#include <algorithm>
#include <optional>

#include "grammar/regex.h"

namespace nearside::grammar {

namespace {

using Kind = RegexNode::Kind;

RegexNode either(std::vector<RegexNode> parts) {
  if (parts.size() == 1) {
    RegexNode only = std::move(parts.front());
    return only;
  }
  RegexNode node;
  node.kind = Kind::kEither;
  node.parts = std::move(parts);
  return node;
}

RegexNode nothing() { return either({}); }  // no alternative: no text

RegexNode repeat(RegexNode inner, std::uint32_t min, std::uint32_t max) {
  RegexNode node;
  node.kind = Kind::kRepeat;
  node.min = min;
  node.max = max;
  node.parts.push_back(std::move(inner));
  return node;
}

bool has(const RegexNode& node, Kind mark) {
  return node.kind == mark ||
         std::ranges::any_of(node.parts, [&](const RegexNode& part) { return has(part, mark); });
}

/// Whether it can make a text of marks only (or "").
bool marks(const RegexNode& node, Kind mark) {
  const auto part_marks = [&](const RegexNode& part) { return marks(part, mark); };
  switch (node.kind) {
    case Kind::kClass:
      return false;
    case Kind::kSequence:
      return std::ranges::all_of(node.parts, part_marks);
    case Kind::kEither:
      return std::ranges::any_of(node.parts, part_marks);
    case Kind::kRepeat:
      return node.min == 0 || marks(node.parts[0], mark);
    default:
      return node.kind == mark;
  }
}

/// Nodes that may still be made: `a?a?a?...$` copies every part once for every part.
using Budget = std::size_t;

RegexNode plain(const RegexNode& node, Kind mark, Budget& budget) {
  if (node.kind == mark || budget == 0) return nothing();
  --budget;
  RegexNode out;
  out.kind = node.kind;
  out.characters = node.characters;
  out.min = node.min;
  out.max = node.max;
  for (const RegexNode& part : node.parts) out.parts.push_back(plain(part, mark, budget));
  return out;
}

RegexNode ended(const RegexNode& node, Kind mark, Budget& budget) {
  if (budget == 0) return nothing();
  if (!has(node, mark)) return node;
  switch (node.kind) {
    case Kind::kEither: {
      RegexNode out = node;
      for (RegexNode& part : out.parts) part = ended(part, mark, budget);
      return out;
    }
    case Kind::kSequence: {
      // The text ends in part i; the parts beyond it make marks only.
      std::vector<RegexNode> ways;
      const auto count = static_cast<std::ptrdiff_t>(node.parts.size());
      const bool forward = mark == Kind::kEnd;
      const auto part = [&](std::ptrdiff_t i) -> const RegexNode& {
        return node.parts[static_cast<std::size_t>(forward ? i : count - 1 - i)];
      };
      for (std::ptrdiff_t last = count - 1; last >= 0; --last) {
        RegexNode way;
        for (std::ptrdiff_t i = 0; i < last && budget > 0; ++i)
          way.parts.push_back(plain(part(i), mark, budget));
        way.parts.push_back(ended(part(last), mark, budget));
        if (!forward) std::ranges::reverse(way.parts);
        ways.push_back(std::move(way));
        if (!marks(part(last), mark) || budget == 0) break;
      }
      return either(std::move(ways));
    }
    case Kind::kRepeat: {
      const RegexNode& inner = node.parts[0];
      std::vector<RegexNode> ways;
      if (node.min == 0) ways.emplace_back();
      if (node.max > 0) {
        // Rounds beyond the one in which the text ends make marks only, where they can.
        const std::uint32_t before_max = node.max == kUnbounded ? kUnbounded : node.max - 1;
        const std::uint32_t before_min = marks(inner, mark) || node.min == 0 ? 0 : node.min - 1;
        RegexNode way;
        way.parts.push_back(repeat(plain(inner, mark, budget), before_min, before_max));
        way.parts.push_back(ended(inner, mark, budget));
        if (mark == Kind::kBegin) std::ranges::reverse(way.parts);
        ways.push_back(std::move(way));
      }
      return either(std::move(ways));
    }
    default:
      return {};  // the mark itself, dropped
  }
}

}  // namespace

base::Result<RegexNode> without_anchors(const RegexNode& regex) {
  Budget budget = kRegexAnchorNodesMax;
  // A `$` inside what the begin is looked for keeps its meaning, and the other way round.
  RegexNode out = ended(ended(regex, Kind::kBegin, budget), Kind::kEnd, budget);
  if (budget == 0)
    return base::fail(base::Code::kTooLarge,
                      "the regular expression has too many places where ^ or $ may match");
  return out;
}

}  // namespace nearside::grammar
