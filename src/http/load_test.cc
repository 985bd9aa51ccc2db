// The load generator counts what a server did.
#include "http/load.h"

#include <gtest/gtest.h>

#include "http/scripted_handler_for_test.h"

namespace nearside::http {
namespace {

LoadOptions options(std::uint16_t port) {
  LoadOptions made;
  made.port = port;
  made.request = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
  made.connections = 3;
  made.warm_up = std::chrono::milliseconds(0);
  made.duration = std::chrono::seconds(20);  // the bound on requests ends it long before
  made.requests_max = 300;
  return made;
}

TEST(Load, CountsWholeAndStreamedReplies) {
  std::atomic<int> served = 0;
  ScriptedServer server([&served](Request, std::unique_ptr<Responder> responder) {
    if (++served % 2 == 0) return responder->send({200, {}, "whole"});
    responder->begin(200, {});
    responder->write("piece");
    responder->finish();
  });
  LoadResult result = run_load(options(server.port())).value();
  EXPECT_GE(result.total_us.size(), 300U);
  EXPECT_GE(result.first_byte_us.size(), result.total_us.size());
  EXPECT_EQ(result.failures, 0U);
  EXPECT_GE(percentile(result.total_us, 0.99), percentile(result.total_us, 0.5));
}

TEST(Load, TellsFailuresFromReplies) {
  std::atomic<int> served = 0;
  ScriptedServer server([&served](Request, std::unique_ptr<Responder> responder) {
    responder->send({++served % 3 == 0 ? 503 : 200, {}, "x"});
  });
  const LoadResult result = run_load(options(server.port())).value();
  EXPECT_GT(result.failures, 100U);
}

TEST(Load, SaysWhenNobodyAnswers) {
  const std::uint16_t port = ScriptedServer([](Request, std::unique_ptr<Responder>) {}).port();
  EXPECT_FALSE(run_load(options(port)));
}

TEST(Percentile, OfNothingIsNothing) {
  std::vector<std::uint32_t> none;
  EXPECT_EQ(percentile(none, 0.5), 0U);
  std::vector<std::uint32_t> some = {4, 1, 3, 2};
  EXPECT_EQ(percentile(some, 0.5), 3U);
  EXPECT_EQ(percentile(some, 1), 4U);
}

}  // namespace
}  // namespace nearside::http
