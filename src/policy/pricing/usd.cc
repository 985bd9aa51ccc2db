#include "policy/pricing/usd.h"

#include <cmath>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {
constexpr int kDecimals = 12;
constexpr std::int64_t kPerDollar = 1'000'000'000'000;
}  // namespace

std::string Usd::text() const {
  const std::int64_t size = picodollars < 0 ? -picodollars : picodollars;
  std::string out =
      fmt::format("{}{}.{:012}", picodollars < 0 ? "-" : "", size / kPerDollar, size % kPerDollar);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

base::Result<Usd> parse_usd(std::string_view text) {
  constexpr std::int64_t kDollarsMax = 9'000'000;
  std::int64_t dollars = 0, fraction = 0;
  int decimals = -1;  // none before the point
  bool right = !text.empty();
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
    } else if (!is_digit(c) || decimals >= kDecimals || dollars > kDollarsMax) {
      right = false;
      break;
    } else if (decimals < 0) {
      dollars = dollars * 10 + (c - '0');
    } else {
      fraction = fraction * 10 + (c - '0');
      ++decimals;
    }
  }
  if (!right || dollars > kDollarsMax || !is_digit(text.front()) || !is_digit(text.back()))
    return base::fail(base::Code::kInvalidArgument,
                      "'{}' is no amount of dollars with at most {} decimals", text.substr(0, 40),
                      kDecimals);
  for (int i = decimals < 0 ? 0 : decimals; i < kDecimals; ++i) fraction *= 10;
  return Usd{dollars * kPerDollar + fraction};
}

Usd round_usd(double dollars) {
  constexpr double kMicro = 1e6;
  return {static_cast<std::int64_t>(std::round(dollars * kMicro)) * 1'000'000};
}

}  // namespace nearside::policy
