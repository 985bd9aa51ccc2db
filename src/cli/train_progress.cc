#include "cli/train_progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace nearside::cli {
namespace {

constexpr std::size_t kBarCells = 24;
constexpr double kSecondsMax = 7.0 * 24 * 3600;

std::string validation_line(const train::Progress& progress) {
  return fmt::format("step {}  validation loss {:.4f}, exactly right {:.1f} %", progress.point.step,
                     progress.point.validation_loss, 100 * progress.point.validation_exact);
}

}  // namespace

std::string clock_text(double seconds) {
  if (!(seconds >= 0) || seconds >= kSecondsMax) return "?";
  const auto whole = static_cast<long>(seconds);
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string progress_line(const train::Progress& progress) {
  if (progress.resumed)
    return fmt::format("resumed at step {}/{}", progress.point.step, progress.steps);
  return fmt::format("step {}/{}  loss {:.4f}  rate {:.2g}  {:.0f} tokens/s  {} left",
                     progress.point.step, progress.steps, progress.point.loss, progress.point.rate,
                     progress.tokens_per_second, clock_text(progress.seconds_left));
}

std::string progress_bar(const train::Progress& progress, std::size_t columns) {
  const std::size_t filled =
      progress.steps == 0 ? kBarCells : kBarCells * progress.point.step / progress.steps;
  std::string line = "[" + std::string(filled, '#') + std::string(kBarCells - filled, '.') + "]  " +
                     progress_line(progress);
  line.resize(std::min(line.size(), columns));
  return line;
}

ProgressPrinter::ProgressPrinter() : terminal_(isatty(STDERR_FILENO) == 1) {
  winsize size{};
  if (terminal_ && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
    columns_ = size.ws_col - 1U;  // writing the last column would wrap
}

void ProgressPrinter::show(const train::Progress& progress) {
  const bool validated = progress.point.validation_loss >= 0;
  if (!terminal_) {
    fmt::print(stderr, "{}\n", progress_line(progress));
    if (validated) fmt::print(stderr, "{}\n", validation_line(progress));
    return;
  }
  // Return to the line's start, erase it, write anew.
  if (validated) fmt::print(stderr, "\r\x1b[K{}\n", validation_line(progress));
  fmt::print(stderr, "\r\x1b[K{}", progress_bar(progress, columns_));
  bar_open_ = true;
}

void ProgressPrinter::finish() {
  if (bar_open_) fmt::print(stderr, "\n");
  bar_open_ = false;
}

}  // namespace nearside::cli
