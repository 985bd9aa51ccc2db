// GBNF, the grammar format of llama.cpp: `root ::= "yes" | "no" [0-9]+`.
//
// Rules of names with letters, digits, `-` and `_`; literals and classes with the escapes \n \r \t
// \" \\ \[ \] \xHH \uHHHH \UHHHHHHHH; `.`; groups; `*` `+` `?` `{m}` `{m,}` `{m,n}`; comments after
// `#`. A rule goes on over line ends inside parentheses and after `|`.
#pragma once

#include <string_view>

#include "base/result.h"
#include "grammar/rules.h"

namespace nearside::grammar {

inline constexpr std::size_t kGbnfBytesMax = 256U << 10;
inline constexpr std::size_t kGbnfRulesMax = 20'000;
inline constexpr std::size_t kGbnfDepthMax = 64;  // nested groups

/// Adds the rules and sets the root. Errors: kInvalidArgument (malformed, with the line; a rule
/// that is missing, defined twice, or begins with itself), kTooLarge (past the bounds).
base::Status add_gbnf(std::string_view text, Grammar& grammar);

}  // namespace nearside::grammar
