// Decimal numbers on one side of a bound, as an expression.
#pragma once

#include <string>

#include "grammar/expression.h"

namespace nearside::grammar {

/// A decimal number without exponent: 12.5 is {false, "12", "5"}; no leading zeros in `whole` (but
/// "0"), no trailing zeros in `fraction`.
struct Decimal {
  bool negative = false;
  std::string whole = "0";
  std::string fraction;

  /// `text` as JSON or C++ write numbers, also with an exponent.
  static Decimal parse(std::string_view text);
};

enum class Side { kAtLeast, kAbove, kAtMost, kBelow };

/// JSON numbers without exponent on that side of `bound`; of `integers`, those without fraction or
/// with `.0`.
Expr decimal_range(ExpressionPool& pool, const Decimal& bound, Side side, bool integers);

}  // namespace nearside::grammar
