#include "train/loss_curve.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace nearside::train {
namespace {

// Pixels.
constexpr double kWidth = 860;
constexpr double kHeight = 420;
constexpr double kLeft = 60;
constexpr double kRight = 60;
constexpr double kTop = 40;
constexpr double kBottom = 40;
constexpr double kLossMin = 1e-4;  // below this a curve is a flat line of noise

std::string if_measured(double value) { return value < 0 ? "" : fmt::format("{:.6g}", value); }

struct Axes {
  double steps;
  double log_low;
  double log_high;
  [[nodiscard]] double x(std::size_t step) const {
    return kLeft + (kWidth - kLeft - kRight) * static_cast<double>(step) / steps;
  }
  [[nodiscard]] double y_of_loss(double loss) const {
    const double part = (std::log10(std::max(loss, kLossMin)) - log_low) / (log_high - log_low);
    return kHeight - kBottom - (kHeight - kTop - kBottom) * part;
  }
  [[nodiscard]] static double y_of_fraction(double fraction) {
    return kHeight - kBottom - (kHeight - kTop - kBottom) * fraction;
  }
};

std::string polyline(const std::string& points, const char* colour) {
  return fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"{}\"/>\n",
                     colour, points);
}

std::string text(double x, double y, const char* colour, const std::string& content,
                 const char* anchor = "start") {
  return fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" fill=\"{}\" text-anchor=\"{}\">{}</text>\n",
                     x, y, colour, anchor, content);
}

std::string escaped(const std::string& plain) {
  std::string out;
  for (const char c : plain) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

}  // namespace

std::string curve_csv(std::span<const CurvePoint> curve) {
  std::string out = "step,loss,rate,gradient_norm,validation_loss,validation_exact,seconds\n";
  for (const CurvePoint& p : curve)
    out += fmt::format("{},{:.6g},{:.6g},{:.6g},{},{},{:.1f}\n", p.step, p.loss, p.rate,
                       p.gradient_norm, if_measured(p.validation_loss),
                       if_measured(p.validation_exact), p.seconds);
  return out;
}

std::string curve_svg(std::span<const CurvePoint> curve, const std::string& title) {
  Axes axes{1, std::log10(kLossMin), 1};
  double lowest = 1;
  double highest = 1;
  for (const CurvePoint& p : curve) {
    axes.steps = std::max(axes.steps, static_cast<double>(p.step));
    lowest = std::min(lowest, std::max(p.loss, kLossMin));
    if (p.validation_loss >= 0) lowest = std::min(lowest, std::max(p.validation_loss, kLossMin));
    highest = std::max({highest, p.loss, p.validation_loss});
  }
  axes.log_low = std::floor(std::log10(lowest));
  axes.log_high = std::ceil(std::log10(highest) + 1e-9);

  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      kWidth, kHeight);
  out += text(kLeft, 24, "black", escaped(title));
  for (double power = axes.log_low; power <= axes.log_high; ++power) {
    const double y = axes.y_of_loss(std::pow(10.0, power));
    out += fmt::format(
        "<line x1=\"{:.0f}\" x2=\"{:.0f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", kLeft,
        kWidth - kRight, y, y);
    out += text(kLeft - 6, y + 4, "#1f5faa", fmt::format("{:g}", std::pow(10.0, power)), "end");
  }
  for (int i = 0; i <= 4; ++i) {
    out += text(kWidth - kRight + 6, Axes::y_of_fraction(i / 4.0) + 4, "#2a7d2a",
                fmt::format("{} %", 25 * i));
    const auto step = static_cast<std::size_t>(axes.steps * i / 4.0);
    out += text(axes.x(step), kHeight - kBottom + 18, "black", fmt::format("{}", step), "middle");
  }
  std::string loss;
  std::string validation;
  std::string exact;
  for (const CurvePoint& p : curve) {
    loss += fmt::format("{:.1f},{:.1f} ", axes.x(p.step), axes.y_of_loss(p.loss));
    if (p.validation_loss >= 0)
      validation +=
          fmt::format("{:.1f},{:.1f} ", axes.x(p.step), axes.y_of_loss(p.validation_loss));
    if (p.validation_exact >= 0)
      exact +=
          fmt::format("{:.1f},{:.1f} ", axes.x(p.step), Axes::y_of_fraction(p.validation_exact));
  }
  out += polyline(loss, "#1f5faa");
  out += polyline(validation, "#c2571a");
  out += polyline(exact, "#2a7d2a");
  out += text(kWidth - 330, 24, "#1f5faa", "loss");
  out += text(kWidth - 290, 24, "#c2571a", "validation loss");
  out += text(kWidth - 190, 24, "#2a7d2a", "validation, exactly right");
  return out + "</svg>\n";
}

}  // namespace nearside::train
