#include "kernels/rope.h"

#include <cmath>

#include <gtest/gtest.h>

namespace nearside::kernels {
namespace {

TEST(Rope, FrequenciesFallGeometricallyFromOne) {
  double frequencies[4];
  rope_frequencies(10000.0f, 8, {}, frequencies);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(frequencies[i], std::pow(10.0, -i), 1e-12);
}

TEST(Rope, FactorsDivideFrequencies) {
  double frequencies[2];
  const float factors[2] = {1.0f, 8.0f};
  rope_frequencies(100.0f, 4, factors, frequencies);
  EXPECT_NEAR(frequencies[0], 1.0, 1e-12);
  EXPECT_NEAR(frequencies[1], 0.1 / 8, 1e-12);
}

TEST(Rope, AnglesStayPreciseFarOut) {
  const double frequencies[1] = {1.0};
  float cosine = 0;
  float sine = 0;
  rope_angles(131071, frequencies, &cosine, &sine);
  EXPECT_FLOAT_EQ(cosine, static_cast<float>(std::cos(131071.0)));
  EXPECT_FLOAT_EQ(sine, static_cast<float>(std::sin(131071.0)));
}

TEST(Rope, ScaleShrinksPositionsAndMagnitudeStretchesTheTurn) {
  const double frequencies[1] = {0.5};
  float cosine = 0;
  float sine = 0;
  rope_angles(8, frequencies, &cosine, &sine, 0.25, 2.0);
  EXPECT_FLOAT_EQ(cosine, static_cast<float>(2 * std::cos(1.0)));
  EXPECT_FLOAT_EQ(sine, static_cast<float>(2 * std::sin(1.0)));
}

}  // namespace
}  // namespace nearside::kernels
