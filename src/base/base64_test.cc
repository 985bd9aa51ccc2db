// Vectors of RFC 4648, section 10, and what is no base64.
#include "base/base64.h"

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

TEST(Base64, AgreesWithTheRfc) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded).value(), plain);
  }
}

TEST(Base64, KeepsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(base64_decode(base64_encode(bytes)).value(), bytes);
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"A", "AB-C", "A B=", "QUJD!", "=AAA"}) EXPECT_FALSE(base64_decode(text));
}

}  // namespace
}  // namespace nearside::base
