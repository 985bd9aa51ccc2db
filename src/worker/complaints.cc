#include "worker/complaints.h"

#include <utility>

namespace nearside::worker {

std::vector<std::string> Complaints::push(std::string_view bytes) {
  std::vector<std::string> lines;
  for (const char byte : bytes) {
    if (byte == '\n') {
      end_line(lines);
    } else if (line_.size() < kLineBytesMax) {
      line_.push_back(byte >= ' ' && byte <= '~' ? byte : '?');
    }
  }
  return lines;
}

std::vector<std::string> Complaints::finish() {
  std::vector<std::string> lines;
  end_line(lines);
  return lines;
}

void Complaints::end_line(std::vector<std::string>& lines) {
  std::string line = std::exchange(line_, {});
  if (line.empty() || lines_ > kLinesMax) return;
  lines.push_back(lines_++ == kLinesMax ? "(further lines are dropped)" : std::move(line));
}

}  // namespace nearside::worker
