// Regular expressions of ECMA-262 (what JSON Schema's `pattern` is), without what is not regular.
//
// Supported: literals, `.`, classes, \d \w \s and their complements, groups (also named and
// non-capturing), alternation, greedy and lazy counts, the anchors ^ and $ anywhere, escapes \n \t
// \r \f \v \0 \xHH \uHHHH \u{H} \cX. \d and \w are ASCII, \s is ECMA's white space, `.` is any
// character but line ends. Refused: lookaround, back references, \b, \p.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "grammar/expression.h"

namespace nearside::grammar {

inline constexpr std::size_t kRegexBytesMax = 64U << 10;
inline constexpr std::size_t kRegexDepthMax = 64;         // nested groups
inline constexpr std::uint32_t kRegexCountMax = 100'000;  // in {min,max}

/// Code points, as sorted ranges with both ends included that do not touch.
using CodePoints = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
/// Sorts, joins, and leaves out surrogates.
CodePoints normalised(CodePoints ranges);
CodePoints complement(const CodePoints& ranges);

struct RegexNode {
  enum class Kind { kClass, kSequence, kEither, kRepeat, kBegin, kEnd };
  Kind kind = Kind::kSequence;
  CodePoints characters;         // of kClass; normalised
  std::vector<RegexNode> parts;  // one of kRepeat
  std::uint32_t min = 0;
  std::uint32_t max = 0;  // kUnbounded: none
};

enum class RegexUse {
  kWhole,   // the whole text matches; anchors may be written too
  kSearch,  // some part of the text matches
};

/// A tree without anchors that the whole text has to match.
/// Errors: kInvalidArgument (malformed; says at which byte), kUnsupported (names the construct),
/// kTooLarge (longer, deeper or with larger counts than the bounds).
base::Result<RegexNode> parse_regex(std::string_view pattern, RegexUse use);

/// Takes the anchors out of a tree; see regex_anchors.cc. Errors: kTooLarge.
inline constexpr std::size_t kRegexAnchorNodesMax = 200'000;
base::Result<RegexNode> without_anchors(const RegexNode& regex);

enum class RegexText {
  kPlain,       // the text itself, as UTF-8
  kJsonString,  // the text inside a JSON string, as json_character() spells it, without quotes
};
Expr to_expression(const RegexNode& regex, RegexText text, ExpressionPool& pool);
Expr class_expression(const CodePoints& characters, RegexText text, ExpressionPool& pool);

}  // namespace nearside::grammar
