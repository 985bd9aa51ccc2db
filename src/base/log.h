// One line a log event on stderr: time, level, room, message. Never the text of a request, never a
// secret.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace nearside::base {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

/// Thread-safe. Handed to constructors; there is no global logger.
class Logger {
 public:
  /// Writes events of `least` and above to stderr.
  explicit Logger(Level least);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void write(Level level, std::string_view room, std::string_view message);
  [[nodiscard]] bool enabled(Level level) const { return level >= least_; }

  template <typename... Args>
  void debug(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kDebug))
      write(Level::kDebug, room, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void info(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kInfo))
      write(Level::kInfo, room, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kWarn))
      write(Level::kWarn, room, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(std::string_view room, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::kError))
      write(Level::kError, room, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  struct Sink;
  Level least_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace nearside::base
