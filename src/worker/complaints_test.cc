#include "worker/complaints.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::worker {
namespace {

using Lines = std::vector<std::string>;

TEST(Complaints, AreWholeLinesHoweverTheyArrive) {
  Complaints complaints;
  EXPECT_EQ(complaints.push("one\ntw"), Lines{"one"});
  EXPECT_EQ(complaints.push("o\n\n\nthree"), Lines{"two"});
  EXPECT_EQ(complaints.finish(), Lines{"three"});
  EXPECT_EQ(complaints.finish(), Lines{});
}

TEST(Complaints, CannotForgeALog) {
  Complaints complaints;
  EXPECT_EQ(complaints.push("a\x1B[2Jb\rc\xC3\xA9\n"), Lines{"a?[2Jb?c??"});
}

TEST(Complaints, CannotFillALog) {
  Complaints complaints;
  EXPECT_EQ(complaints.push(std::string(10'000, 'x') + "\n").at(0).size(),
            Complaints::kLineBytesMax);
  std::size_t lines = 1;
  for (int i = 0; i < 1000; ++i) lines += complaints.push("again\n").size();
  EXPECT_EQ(lines, Complaints::kLinesMax + 1);
}

}  // namespace
}  // namespace nearside::worker
