#include "http/plain_url.h"

#include <string>

#include <gtest/gtest.h>

namespace nearside::http {
namespace {

TEST(PlainUrl, IsTakenApart) {
  const auto url = parse_plain_url("http://user:w%40rd@[::1]:8080/v1/x?a=b/../c#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->authority, "[::1]:8080");
  EXPECT_EQ(url->target, "/v1/x?a=b/../c");
  EXPECT_EQ(url->user_info, "user:w@rd");
}

TEST(PlainUrl, HasDefaults) {
  for (const std::string text :
       {"http://host", "HTTP://host:80", "http://host:/", "http://host#x"}) {
    const auto url = parse_plain_url(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->host, "host") << text;
    EXPECT_EQ(url->port, 80) << text;
    EXPECT_EQ(url->authority, "host") << text;
    EXPECT_EQ(url->target, "/") << text;
    EXPECT_EQ(url->user_info, "") << text;
  }
  EXPECT_EQ(parse_plain_url("http://host?q")->target, "/?q");
  EXPECT_EQ(parse_plain_url("http://host/.well-known/..x")->target, "/.well-known/..x");
}

TEST(PlainUrl, LeavesTheRestToLibcurl) {
  for (const std::string text : {"",
                                 "http:",
                                 "http://",
                                 "https://host/",
                                 "ftp://host/",
                                 "host/path",
                                 "http:///path",
                                 "http://:80/",
                                 "http://host:0/",
                                 "http://host:65536/",
                                 "http://host:8o/",
                                 "http://host:-1/",
                                 "http://a b/",
                                 "http://host/a b",
                                 "http://host/\r\nx: y",
                                 "http://host/\x01",
                                 "http://h\xc3\xbc/",
                                 "http://[",
                                 "http://[]",
                                 "http://[::1",
                                 "http://[::1]x",
                                 "http://[::1]8",
                                 "http://[fe80::1%25eth0]/",
                                 "http://[host]/",
                                 "http://ho%73t/",
                                 "http://host\\@other/",
                                 "http://host/a/../b",
                                 "http://host/a/..",
                                 "http://host/./b",
                                 "http://host/.",
                                 "http://us%0der@host/",
                                 "http://us%4@host/"})
    EXPECT_FALSE(parse_plain_url(text)) << text;
  EXPECT_FALSE(parse_plain_url(std::string_view("http://host/\0x", 14)));
}

}  // namespace
}  // namespace nearside::http
