// Money without rounding: whole picodollars.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nearside::policy {

/// 1 USD = 10^12 picodollars. Prices have up to six decimals of a dollar per million tokens, so
/// that one token costs a whole number of picodollars; 64 bits hold nine million dollars.
struct Usd {
  std::int64_t picodollars = 0;

  [[nodiscard]] double value() const { return static_cast<double>(picodollars) * 1e-12; }
  /// "0.000042": all digits that are not zero, never an exponent.
  [[nodiscard]] std::string text() const;
  bool operator==(const Usd&) const = default;
};

/// "0.0375" -> 37'500'000'000 picodollars. Errors: kInvalidArgument (not a decimal number of at
/// most twelve decimals, negative, more than nine million).
base::Result<Usd> parse_usd(std::string_view text);

/// To six decimals of a dollar: what prices of a million tokens may have, see above.
/// REQUIRES: 0 <= dollars <= 1e6.
Usd round_usd(double dollars);

}  // namespace nearside::policy
