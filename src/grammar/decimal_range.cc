#include "grammar/decimal_range.h"

#include <charconv>

namespace nearside::grammar {

namespace {

/// Longest bound written out; doubles reach 10^308.
constexpr int kExponentMax = 400;

class Ranges {
 public:
  Ranges(ExpressionPool& pool, bool integers) : pool_(pool), integers_(integers) {
    digit_ = digits('0', '9');
    point_ = pool.literal(".");
    zero_fraction_ = integers ? pool.optional(pool.literal(".0"))
                              : pool.optional(pool.sequence(point_, some(digits('0', '0'))));
    any_fraction_ = integers ? zero_fraction_ : pool.optional(pool.sequence(point_, some(digit_)));
  }

  /// Numbers without sign on that side of whole.fraction.
  Expr range(const Decimal& bound, Side side) {
    const bool above = side == Side::kAtLeast || side == Side::kAbove;
    const std::string& whole = bound.whole;
    std::vector<Expr> ways;
    // Another count of digits before the point.
    const auto length = static_cast<std::uint32_t>(whole.size());
    const Expr first = digits('1', '9');
    if (above) {
      ways.push_back(
          pool_.sequence({first, pool_.repeat(digit_, length, kUnbounded), any_fraction_}));
    } else if (length > 1) {
      ways.push_back(pool_.sequence(digits('0', '0'), any_fraction_));
      ways.push_back(pool_.sequence({first, pool_.repeat(digit_, 0, length - 2), any_fraction_}));
    }
    // The same count, and the first digit that differs decides.
    for (std::size_t i = 0; i < whole.size(); ++i) {
      const char lowest = i == 0 && whole.size() > 1 ? '1' : '0';
      const Expr other = above ? digits(static_cast<char>(whole[i] + 1), '9')
                               : digits(lowest, static_cast<char>(whole[i] - 1));
      const auto rest = static_cast<std::uint32_t>(whole.size() - 1 - i);
      ways.push_back(pool_.sequence({pool_.literal(std::string_view(whole).substr(0, i)), other,
                                     pool_.repeat(digit_, rest, rest), any_fraction_}));
    }
    // The same number before the point.
    ways.push_back(pool_.sequence(pool_.literal(whole), fraction(bound.fraction, side)));
    return pool_.either(ways);
  }

 private:
  Expr digits(char first, char last) {
    if (first > last) return kNothing;
    return pool_.bytes(
        ByteSet::range(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last)));
  }
  Expr some(Expr expr) { return pool_.repeat(expr, 1, kUnbounded); }

  Expr fraction(const std::string& bound, Side side) {
    const bool above = side == Side::kAtLeast || side == Side::kAbove;
    if (integers_) {  // the only fraction is zero
      const bool holds = bound.empty() ? side == Side::kAtLeast || side == Side::kAtMost : !above;
      return holds ? zero_fraction_ : kNothing;
    }
    const Expr zeros = pool_.any_number(digits('0', '0'));
    const Expr any = pool_.any_number(digit_);
    std::vector<Expr> after_point;
    std::vector<Expr> ways;
    for (std::size_t i = 0; i < bound.size(); ++i) {
      const std::string_view same = std::string_view(bound).substr(0, i);
      const Expr other = above ? digits(static_cast<char>(bound[i] + 1), '9')
                               : digits('0', static_cast<char>(bound[i] - 1));
      after_point.push_back(pool_.sequence({pool_.literal(same), other, any}));
      // A shorter fraction is smaller: the bound does not end in a zero.
      if (!above && i > 0) after_point.push_back(pool_.literal(same));
    }
    if (!above && !bound.empty()) ways.push_back(kEmpty);
    switch (side) {
      case Side::kAtLeast:
      case Side::kAtMost: {
        const Expr tail = side == Side::kAtLeast ? any : zeros;
        if (bound.empty()) return side == Side::kAtLeast ? any_fraction_ : zero_fraction_;
        after_point.push_back(pool_.sequence(pool_.literal(bound), tail));
        break;
      }
      case Side::kAbove:
        after_point.push_back(pool_.sequence({pool_.literal(bound), zeros, digits('1', '9'), any}));
        break;
      case Side::kBelow:
        break;
    }
    ways.push_back(pool_.sequence(point_, pool_.either(after_point)));
    return pool_.either(ways);
  }

  ExpressionPool& pool_;
  bool integers_;
  Expr digit_, point_, zero_fraction_, any_fraction_;
};

}  // namespace

Decimal Decimal::parse(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && text[0] == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view digits = text.substr(e + 1);
    if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    text = text.substr(0, e);
  }
  exponent = std::min(std::max(exponent, -kExponentMax), kExponentMax);
  const std::size_t point = text.find('.');
  std::string whole(text.substr(0, point));
  std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
  for (; exponent > 0; --exponent) {
    whole += fraction.empty() ? '0' : fraction[0];
    if (!fraction.empty()) fraction.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    fraction.insert(fraction.begin(), whole.empty() ? '0' : whole.back());
    if (!whole.empty()) whole.pop_back();
  }
  whole.erase(0, whole.find_first_not_of('0'));
  fraction.resize(fraction.find_last_not_of('0') + 1);
  decimal.whole = whole.empty() ? "0" : whole;
  decimal.fraction = fraction;
  if (decimal.whole == "0" && fraction.empty()) decimal.negative = false;
  return decimal;
}

Expr decimal_range(ExpressionPool& pool, const Decimal& bound, Side side, bool integers) {
  Ranges ranges(pool, integers);
  const Expr minus = pool.literal("-");
  const Decimal zero;
  const bool at_zero = bound.whole == "0" && bound.fraction.empty();
  const Expr unsigned_any = ranges.range(zero, Side::kAtLeast);
  const Expr negative_zero = pool.sequence(minus, ranges.range(zero, Side::kAtMost));
  switch (side) {
    case Side::kAtLeast:
    case Side::kAbove:
      if (bound.negative)  // any without sign, and small enough ones with it
        return pool.either(
            {unsigned_any,
             pool.sequence(minus, ranges.range(bound, side == Side::kAtLeast ? Side::kAtMost
                                                                             : Side::kBelow))});
      return pool.either({ranges.range(bound, side),
                          at_zero && side == Side::kAtLeast ? negative_zero : kNothing});
    case Side::kAtMost:
    case Side::kBelow:
      if (bound.negative)
        return pool.sequence(
            minus, ranges.range(bound, side == Side::kAtMost ? Side::kAtLeast : Side::kAbove));
      if (at_zero)
        return pool.either(
            {pool.sequence(
                 minus, ranges.range(zero, side == Side::kAtMost ? Side::kAtLeast : Side::kAbove)),
             side == Side::kAtMost ? ranges.range(zero, Side::kAtMost) : kNothing});
      return pool.either({ranges.range(bound, side), pool.sequence(minus, unsigned_any)});
  }
  return kNothing;
}

}  // namespace nearside::grammar
