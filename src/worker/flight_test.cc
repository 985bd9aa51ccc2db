#include "worker/flight.h"

#include <atomic>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace nearside::worker {
namespace {

TEST(Flight, IsSilentAfterItsLastEvent) {
  int events = 0;
  Flight flight([&events](const chat::Event&) { ++events; });
  flight.deliver(chat::TextDelta{"a"});
  flight.deliver(chat::Finished{});
  flight.deliver(chat::TextDelta{"b"});
  flight.deliver(chat::Failed{});
  EXPECT_EQ(events, 2);
}

TEST(Flight, MayBeClosedFromWithinItsSink) {
  int events = 0;
  std::unique_ptr<Flight> flight;
  flight = std::make_unique<Flight>([&](const chat::Event&) {
    ++events;
    flight->close();
  });
  flight->deliver(chat::TextDelta{"a"});
  flight->deliver(chat::TextDelta{"b"});
  EXPECT_EQ(events, 1);
}

TEST(Flight, LetsGoOfItsSinkWhenItIsOver) {
  const auto owned = std::make_shared<int>(0);
  Flight finished([owned](const chat::Event&) {});
  finished.deliver(chat::Finished{});
  Flight closed([owned](const chat::Event&) {});
  closed.close();
  Flight closed_within([owned, &closed_within](const chat::Event&) { closed_within.close(); });
  closed_within.deliver(chat::TextDelta{});
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Flight, IsSilentOnceCloseHasReturnedOnAnotherThread) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<bool> closed = false;
    std::atomic<bool> late = false;
    Flight flight([&](const chat::Event&) { late = late || closed; });
    std::thread delivering([&flight] {
      for (int i = 0; i < 50; ++i) flight.deliver(chat::TextDelta{"a"});
    });
    flight.close();
    closed = true;
    delivering.join();
    EXPECT_FALSE(late);
  }
}

}  // namespace
}  // namespace nearside::worker
