#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace nearside::base {

struct Logger::Sink {
  spdlog::logger logger{"nearside", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

Logger::Logger(Level least) : least_(least), sink_(std::make_unique<Sink>()) {
  sink_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  sink_->logger.set_level(to_spdlog(least));
  sink_->logger.flush_on(spdlog::level::trace);
}

Logger::~Logger() = default;

void Logger::write(Level level, std::string_view room, std::string_view message) {
  sink_->logger.log(to_spdlog(level), "{}: {}", room, message);
}

}  // namespace nearside::base
