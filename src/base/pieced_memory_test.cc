#include "base/pieced_memory.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kFailing = 1000;  // no piece

std::byte byte_at(std::size_t at) { return static_cast<std::byte>(1 + at % 251); }

/// Counts how often each piece was read; one of them cannot be.
class Counting : public PieceSource {
 public:
  Counting(std::size_t size_bytes, std::size_t piece_bytes, std::vector<std::atomic<int>>& reads,
           std::size_t failing = kFailing)
      : size_bytes_(size_bytes), piece_bytes_(piece_bytes), reads_(reads), failing_(failing) {}
  ~Counting() override { reads_.back() = -1; }
  [[nodiscard]] std::size_t size_bytes() const override { return size_bytes_; }
  [[nodiscard]] std::size_t piece_bytes() const override { return piece_bytes_; }
  void expect(std::size_t) const override {}
  [[nodiscard]] Status read(std::size_t index, std::span<std::byte> out) const override {
    ++reads_[index];
    if (index == failing_) return fail(Code::kCorrupt, "piece {}", index);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte_at(index * piece_bytes_ + i);
    return {};
  }

 private:
  std::size_t size_bytes_;
  std::size_t piece_bytes_;
  std::vector<std::atomic<int>>& reads_;
  std::size_t failing_;
};

/// Pieces of whole pages, and others.
class PiecedMemoryTest : public testing::TestWithParam<std::size_t> {
 protected:
  std::unique_ptr<PiecedMemory> make(std::size_t failing = kFailing) {
    return PiecedMemory::create(std::make_unique<Counting>(kSize, GetParam(), reads_, failing))
        .value();
  }
  static bool holds(std::span<const std::byte> part, std::size_t offset) {
    for (std::size_t i = 0; i < part.size(); ++i)
      if (part[i] != byte_at(offset + i)) return false;
    return true;
  }
  [[nodiscard]] std::size_t pieces() const { return (kSize + GetParam() - 1) / GetParam(); }

  static constexpr std::size_t kSize = 10 * kPage + 100;
  std::vector<std::atomic<int>> reads_ = std::vector<std::atomic<int>>(kSize + 1);
};

TEST_P(PiecedMemoryTest, ReadsWhatIsNeededAndNothingElse) {
  const auto memory = make();
  const auto part = memory->bytes().subspan(3 * kPage + 5, 2 * kPage);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(memory->need(part, 2));
  EXPECT_TRUE(holds(part, 3 * kPage + 5));
  for (std::size_t i = 0; i < pieces(); ++i) {
    const std::size_t begin = i * GetParam();
    const bool touched = begin < 5 * kPage + 5 && begin + GetParam() > 3 * kPage + 5;
    EXPECT_EQ(reads_[i], touched ? 1 : 0) << i;
  }
}

TEST_P(PiecedMemoryTest, NeedingMoreLeavesWhatIsThere) {
  const auto memory = make();
  for (const std::size_t at : {5 * kPage, std::size_t{0}, 9 * kPage})
    ASSERT_TRUE(memory->need(memory->bytes().subspan(at, 10), 1));
  ASSERT_TRUE(memory->need(memory->bytes(), 3));
  EXPECT_TRUE(holds(memory->bytes(), 0));
  for (std::size_t i = 0; i < pieces(); ++i) EXPECT_EQ(reads_[i], 1) << i;
}

TEST_P(PiecedMemoryTest, AWindowShowsEveryPart) {
  const auto memory = make();
  PieceWindow window(*memory);
  for (const std::size_t step : {std::size_t{700}, kPage, 3 * kPage + 1})
    for (std::size_t at = 0; at < kSize; at += step) {
      const auto part = memory->bytes().subspan(at, std::min(step, kSize - at));
      const auto shown = window.read(part);
      ASSERT_TRUE(shown);
      ASSERT_EQ(shown->size(), part.size());
      EXPECT_TRUE(holds(*shown, at)) << at;
    }
}

TEST_P(PiecedMemoryTest, AWindowReadsEachPieceOnceOnItsWay) {
  const auto memory = make();
  PieceWindow window(*memory);
  constexpr std::size_t kStep = 3000;  // across pieces and pages
  for (std::size_t at = 0; at < kSize; at += kStep)
    ASSERT_TRUE(window.read(memory->bytes().subspan(at, std::min(kStep, kSize - at))));
  for (std::size_t i = 0; i < pieces(); ++i) EXPECT_EQ(reads_[i], 1) << i;
}

TEST_P(PiecedMemoryTest, SettlingReadsTheRestAndEndsTheSource) {
  const auto memory = make();
  ASSERT_TRUE(memory->need(memory->bytes().first(1), 1));
  ASSERT_TRUE(PieceWindow(*memory).read(memory->bytes().last(1)));
  ASSERT_TRUE(memory->settle(2));
  for (std::size_t i = 0; i < pieces(); ++i) EXPECT_EQ(reads_[i], 1);
  EXPECT_EQ(reads_.back(), -1) << "the source lives on";
  EXPECT_TRUE(holds(memory->bytes().first(1), 0));
}

TEST_P(PiecedMemoryTest, APieceThatCannotBeReadIsRefusedWheneverItIsNeeded) {
  const auto memory = make(pieces() - 1);
  ASSERT_TRUE(memory->need(memory->bytes().first(1), 1));
  PieceWindow window(*memory);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(memory->need(memory->bytes(), 2).error().code, Code::kCorrupt);
    EXPECT_EQ(window.read(memory->bytes()).error().code, Code::kCorrupt);
  }
  EXPECT_TRUE(window.read(memory->bytes().first(1)));
  EXPECT_EQ(memory->settle(2).error().code, Code::kCorrupt);
}

TEST_P(PiecedMemoryTest, IsLeftOutOfCoreDumps) {
  const auto memory = make();
  ASSERT_TRUE(memory->need(memory->bytes(), 1));
  ASSERT_TRUE(memory->settle(1));
  std::ifstream smaps("/proc/self/smaps");
  const auto address = reinterpret_cast<unsigned long>(memory->bytes().data());
  std::string line;
  bool inside = false;
  bool found = false;
  while (std::getline(smaps, line)) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      inside = begin <= address && address < end;
    if (inside && line.starts_with("VmFlags:")) {
      found = true;
      EXPECT_NE(line.find(" dd"), std::string::npos) << line;
      EXPECT_EQ(line.find(" wr"), std::string::npos) << line;
    }
  }
  EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(Pieces, PiecedMemoryTest, testing::Values(kPage, 3 * kPage, 1000, 5000));

TEST(PiecedMemory, EndsTheProcessRatherThanGiveWhatWasNotNeeded) {
  std::vector<std::atomic<int>> reads(11);
  const auto memory =
      PiecedMemory::create(std::make_unique<Counting>(10 * kPage, kPage, reads)).value();
  ASSERT_TRUE(memory->need(memory->bytes().first(kPage), 1));
  const volatile std::byte* const bytes = memory->bytes().data();
  EXPECT_DEATH(static_cast<void>(bytes[kPage]), "");
}

}  // namespace
}  // namespace nearside::base
