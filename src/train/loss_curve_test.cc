#include "train/loss_curve.h"

#include <gtest/gtest.h>

namespace nearside::train {
namespace {

std::vector<CurvePoint> two_points() {
  CurvePoint first;
  first.step = 10;
  first.loss = 2.5;
  first.rate = 0.001;
  first.gradient_norm = 0.5;
  first.seconds = 1.25;
  CurvePoint second = first;
  second.step = 20;
  second.validation_loss = 0.25;
  second.validation_exact = 0.5;
  return {first, second};
}

TEST(LossCurve, TableLeavesOutWhatWasNotMeasured) {
  EXPECT_EQ(curve_csv(two_points()),
            "step,loss,rate,gradient_norm,validation_loss,validation_exact,seconds\n"
            "10,2.5,0.001,0.5,,,1.2\n"
            "20,2.5,0.001,0.5,0.25,0.5,1.2\n");
}

TEST(LossCurve, PictureHoldsEveryPointAndEscapesItsTitle) {
  const std::string svg = curve_svg(two_points(), "a < b");
  EXPECT_NE(svg.find("a &lt; b"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(LossCurve, PictureOfNothingIsStillAPicture) {
  const std::string svg = curve_svg({}, "");
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace nearside::train
