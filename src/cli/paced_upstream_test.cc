#include "cli/paced_upstream.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace nearside::cli {
namespace {

using std::chrono::milliseconds;

TEST(PacedUpstream, HoldsStreamsAtItsPaceToTheEnd) {
  base::Logger log{base::Level::kOff};
  PacedUpstream upstream(milliseconds(10), 5);
  const auto server = std::move(http::Server::start({}, upstream, log)).value();
  http::LoadOptions load;
  load.port = server->port();
  load.request =
      "POST / HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n";
  load.connections = load.requests_max = 8;
  load.warm_up = {};
  load.duration = milliseconds(20'000);
  auto result = std::move(http::run_load(load)).value();
  EXPECT_EQ(result.total_us.size(), 8U);
  EXPECT_EQ(result.failures, 0U);
  for (const std::uint32_t total : result.total_us) EXPECT_GE(total, 50'000U);
  EXPECT_GE(result.gap_us.size(), 8U);
}

TEST(PacedFigures, TellStallsFromLateFrames) {
  http::LoadResult result;
  result.gap_us = {10'000, 10'500, 0, 40'000, 40'001};
  const base::json::object figures = paced_figures(result, milliseconds(10));
  EXPECT_EQ(figures.at("frames"), base::json::value(5U));
  EXPECT_EQ(figures.at("stalls"), base::json::value(1U));
  EXPECT_EQ(figures.at("added_gap_max_us"), base::json::value(30'001U));
  EXPECT_EQ(figures.at("added_gap_p50_us"), base::json::value(500U));
}

}  // namespace
}  // namespace nearside::cli
