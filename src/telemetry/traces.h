// Sends finished requests to an OpenTelemetry collector.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "http/client.h"
#include "telemetry/record.h"

namespace nearside::telemetry {

struct TraceOptions {
  std::string url;        // of the collector, "http://127.0.0.1:4318"; /v1/traces is appended
  std::string node_name;  // service.instance.id
  /// What waits is sent when so many records have come, or after so long.
  std::size_t batch_max = 256;
  std::chrono::milliseconds delay{1'000};
  /// Records that wait; more are dropped and counted: tracing never holds a request up.
  std::size_t queue_max = 8'192;
};

/// Thread-safe.
class Traces {
 public:
  virtual ~Traces() = default;
  virtual void finished(const Record& record) = 0;
  /// Records that were dropped, or lost with a collector that did not take them.
  [[nodiscard]] virtual std::uint64_t lost_count() const = 0;

  /// `client` and `log` must outlive it. The destructor sends what waits and gives the collector
  /// one second.
  static std::unique_ptr<Traces> open(TraceOptions options, http::Client& client,
                                      base::Logger& log);
};

}  // namespace nearside::telemetry
