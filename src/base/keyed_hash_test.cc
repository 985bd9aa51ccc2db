#include "base/keyed_hash.h"

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

// Source: vectors_sip128 of the reference implementation; key 00 01 .. 0f.
constexpr HashKey kKey{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

TEST(KeyedHash, AgreesWithTheReferenceVectors) {
  EXPECT_EQ(keyed_hash(kKey, ""), (KeyedHash{0xe6a825ba047f81a3ULL, 0x930255c71472f66dULL}));
  EXPECT_EQ(keyed_hash(kKey, std::string_view("\0", 1)),
            (KeyedHash{0x44af996bd8c187daULL, 0x45fc229b11597634ULL}));
}

TEST(KeyedHash, DependsOnTheKeyAndOnEveryByte) {
  EXPECT_NE(keyed_hash(kKey, "message"), keyed_hash({1, 2}, "message"));
  EXPECT_NE(keyed_hash(kKey, "message"), keyed_hash(kKey, "messagf"));
  EXPECT_NE(keyed_hash(kKey, std::string_view("a\0", 2)), keyed_hash(kKey, "a"));
}

}  // namespace
}  // namespace nearside::base
