// What a worker writes to its standard error, as lines that are safe to log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nearside::worker {

/// The worker has parsed a stranger's file: its lines are cut to a length, counted, and rid of
/// everything that is no printable ASCII, so that they can neither fill a log nor forge one.
class Complaints {
 public:
  static constexpr std::size_t kLineBytesMax = 400;
  /// Of one worker's life; a sanitizer's report has about a hundred. One more line says that
  /// further ones are dropped.
  static constexpr std::size_t kLinesMax = 300;

  /// Lines that are now complete; empty ones are left out.
  [[nodiscard]] std::vector<std::string> push(std::string_view bytes);
  /// The worker is gone: the line it did not end.
  [[nodiscard]] std::vector<std::string> finish();

 private:
  void end_line(std::vector<std::string>& lines);

  std::string line_;
  std::size_t lines_ = 0;
};

}  // namespace nearside::worker
