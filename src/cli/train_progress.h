// What a training run shows: a bar on a terminal, plain lines in a pipe.
#pragma once

#include <string>

#include "train/run.h"

namespace nearside::cli {

/// "2:05" or "1:02:05". Negative or absurd lengths (a week or more) are "?".
std::string clock_text(double seconds);

/// One line without its end: "step 1200/3000  loss 0.0123  rate 0.0021  6100 tokens/s  2:05 left".
std::string progress_line(const train::Progress& progress);

/// The same with a bar before it, for a terminal of `columns` columns; never longer than that.
std::string progress_bar(const train::Progress& progress, std::size_t columns);

/// Prints to standard error. On a terminal the bar rewrites its line and validations stay.
class ProgressPrinter {
 public:
  ProgressPrinter();
  void show(const train::Progress& progress);
  /// Ends the bar's line.
  void finish();

 private:
  bool terminal_;
  std::size_t columns_ = 80;
  bool bar_open_ = false;
};

}  // namespace nearside::cli
