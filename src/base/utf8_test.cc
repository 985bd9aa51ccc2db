#include "base/utf8.h"

#include <string_view>

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

TEST(Utf8, AcceptsTheEndsOfEachLength) {
  for (const std::string_view text :
       {"", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "Störung an Pumpe 3"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const std::string_view text :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xC3"})
    EXPECT_FALSE(is_valid_utf8(text)) << text;
}

}  // namespace
}  // namespace nearside::base
