// The loss curve as a table and as a picture.
#pragma once

#include <span>
#include <string>

#include "train/checkpoint.h"

namespace nearside::train {

/// step,loss,rate,gradient_norm,validation_loss,validation_exact,seconds; what was not measured at
/// a step is empty.
std::string curve_csv(std::span<const CurvePoint> curve);

/// Training and validation loss (logarithmic) and the exactly right fraction over steps, as SVG.
std::string curve_svg(std::span<const CurvePoint> curve, const std::string& title);

}  // namespace nearside::train
