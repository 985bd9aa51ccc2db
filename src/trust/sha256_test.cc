#include "trust/sha256.h"

#include <gtest/gtest.h>

namespace nearside::trust {
namespace {

TEST(Sha256, HasTheStandardsOwnExample) {
  // FIPS 180-4's example for "abc".
  const Sha256 expected = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                           0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                           0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  EXPECT_EQ(sha256("abc"), expected);
}

TEST(Sha256, ComparesEveryByte) {
  const Sha256 digest = sha256("");
  EXPECT_TRUE(equal_in_constant_time(digest, sha256("")));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    Sha256 other = digest;
    other[i] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(digest, other));
  }
}

}  // namespace
}  // namespace nearside::trust
