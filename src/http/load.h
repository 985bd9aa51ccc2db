// Sends one request again and again over kept connections and measures the replies: what benches of
// servers are made with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace nearside::http {

struct LoadOptions {
  std::string address = "127.0.0.1";  // a literal IPv4 address: benches stay on their machine
  std::uint16_t port = 0;
  std::string request;                     // as sent, head and body; with "connection: keep-alive"
  std::size_t connections = 1;             // each has one request under way at a time
  std::chrono::milliseconds warm_up{200};  // not counted
  std::chrono::milliseconds duration{2'000};
  std::size_t requests_max = 2'000'000;
  /// Requests a second over all connections; 0: as fast as replies come. A request that is sent
  /// late because replies are late counts from when it was due, so that a stall cannot hide.
  double rate = 0;
};

struct LoadResult {
  std::vector<std::uint32_t> first_byte_us;  // of the body, from the request's beginning
  std::vector<std::uint32_t> total_us;
  std::vector<std::uint32_t> gap_us;  // between two arrivals of one body
  std::size_t failures = 0;           // a status other than 200, or a connection that broke
  double seconds = 0;                 // in which the replies above came
};

/// Blocks until it is over; one thread, which polls without sleeping when a rate is asked for.
/// Errors: kUnavailable (no connection), kInvalidArgument (address).
base::Result<LoadResult> run_load(const LoadOptions& options);

/// The value below which that share of `values` lies; 0 when there are none. Sorts them.
std::uint32_t percentile(std::vector<std::uint32_t>& values, double share);

}  // namespace nearside::http
