#include "gateway/alarms.h"

#include <latch>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::gateway {
namespace {

using std::chrono::milliseconds;

TEST(Alarms, RingInOrderOfTheirTime) {
  Alarms alarms;
  std::vector<int> rung;
  std::latch done(3);
  const auto now = std::chrono::steady_clock::now();
  const auto ring = [&](int which) {
    return [&rung, &done, which] {
      rung.push_back(which);
      done.count_down();
    };
  };
  alarms.set(now + milliseconds(30), ring(3));
  alarms.set(now + milliseconds(10), ring(1));
  alarms.set(now + milliseconds(20), ring(2));
  done.wait();
  EXPECT_EQ(rung, (std::vector<int>{1, 2, 3}));
}

TEST(Alarms, ACancelledOneStaysSilentAndLetsGoOfWhatItHeld) {
  Alarms alarms;
  const auto now = std::chrono::steady_clock::now();
  auto held = std::make_shared<int>(1);
  const auto id = alarms.set(now + milliseconds(20), [held] { ADD_FAILURE(); });
  alarms.cancel(id);
  EXPECT_EQ(held.use_count(), 1);
  std::latch later(1);
  alarms.set(now + milliseconds(30), [&] { later.count_down(); });
  later.wait();
}

TEST(Alarms, OneThatIsEarlierThanACancelledOneRingsInTime) {
  Alarms alarms;
  const auto began = std::chrono::steady_clock::now();
  alarms.cancel(alarms.set(began + std::chrono::minutes(1), [] {}));
  std::latch done(2);
  alarms.set(began + milliseconds(40), [&] { done.count_down(); });
  alarms.set(began + milliseconds(20), [&] { done.count_down(); });
  done.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
}

TEST(Alarms, MaySetAndCancelFromWithinAnAlarm) {
  Alarms alarms;
  std::latch done(1);
  alarms.set(std::chrono::steady_clock::now(), [&] {
    alarms.cancel({});
    alarms.set(std::chrono::steady_clock::now(), [&] { done.count_down(); });
  });
  done.wait();
}

}  // namespace
}  // namespace nearside::gateway
