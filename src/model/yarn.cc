#include "model/yarn.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nearside::model {

namespace {

constexpr double kTurnsFast = 32.0;
constexpr double kTurnsSlow = 1.0;

/// The pair that turns so many times in the original context, counted with fractions.
double pair_of_turns(const YarnSettings& settings, double turns) {
  const auto context = static_cast<double>(settings.original_context_tokens);
  return static_cast<double>(settings.dims) * std::log(context / (turns * 2.0 * std::numbers::pi)) /
         (2.0 * std::log(static_cast<double>(settings.base)));
}

}  // namespace

std::vector<float> yarn_frequency_factors(const YarnSettings& settings) {
  const double low = std::max(0.0, std::floor(pair_of_turns(settings, kTurnsFast)));
  const double high = std::min(static_cast<double>(settings.dims) - 1.0,
                               std::ceil(pair_of_turns(settings, kTurnsSlow)));
  std::vector<float> factors(settings.dims / 2);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double ramp = (static_cast<double>(i) - low) / std::max(0.001, high - low);
    const double unscaled = 1.0 - std::clamp(ramp, 0.0, 1.0);
    const double frequency =
        unscaled + (1.0 - unscaled) / static_cast<double>(settings.factor);  // of 1
    factors[i] = static_cast<float>(1.0 / frequency);
  }
  return factors;
}

float yarn_magnitude(float factor) { return 0.1F * std::log(factor) + 1.0F; }

}  // namespace nearside::model
