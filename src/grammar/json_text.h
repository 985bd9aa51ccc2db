// The terminals of JSON text as expressions.
#pragma once

#include <string>
#include <string_view>

#include "grammar/expression.h"

namespace nearside::grammar {

/// Owns the pool that every constraint's pool starts as a copy of: the numbers below are valid in
/// all of them. Strings are well-formed UTF-8 and may use every escape; an escaped surrogate comes
/// in pairs. White space is what people and models write: one blank, or a line end with up to
/// kIndentMax blanks, so that no model can pad for ever.
struct JsonText {
  static constexpr std::uint32_t kIndentMax = 64;

  JsonText();

  ExpressionPool pool;
  Expr space;      // may be empty
  Expr character;  // one character of a string, escaped or not
  Expr quote;
  Expr body;    // characters, then the closing quote: the state inside a string
  Expr string;  // with both quotes
  // The same with json_character()'s spelling only, so that equal strings are equal texts: for
  // what says which strings a value may not be.
  Expr plain_body;
  Expr plain_string;
  Expr number;
  Expr integer;  // a number without fraction (but .0) and exponent
  Expr comma;    // with the space around it
  Expr colon;
  Expr plain_key;            // plain_string, then the colon
  std::vector<Expr> states;  // every state of the strings, keys and numbers
};

/// A code point as UTF-8, appended.
void append_utf8(std::uint32_t code_point, std::string& out);
/// A string as JSON, with quotes: the one spelling that constants, names and patterns allow.
/// Escapes only what must be escaped, the short way where there is one.
std::string json_quoted(std::string_view text);
/// The same for one character, without quotes.
std::string json_character(std::uint32_t code_point);

}  // namespace nearside::grammar
