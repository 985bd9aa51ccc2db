#include "base/json_writer.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/json.h"

namespace nearside::base {
namespace {

TEST(JsonWriter, WritesMembersAndElementsInOrder) {
  JsonWriter out;
  out.begin_object().member("a", 1).key("b").begin_array().value(true).null().end_array();
  out.key("c").begin_object().end_object().member("d", std::vector<std::string>{"x", "y"});
  out.member("e", std::optional<double>()).member("f", std::uint64_t{18446744073709551615U});
  EXPECT_EQ(std::move(out.end_object()).text(),
            R"({"a":1,"b":[true,null],"c":{},"d":["x","y"],"e":null,"f":18446744073709551615})");
}

TEST(JsonWriter, EveryTextReadsBackAsItWas) {
  std::string all;
  for (int byte = 0; byte < 128; ++byte) all.push_back(static_cast<char>(byte));
  all += "Müller \"\\\" 漢字";
  JsonWriter out;
  out.begin_array().value(all).value("").end_array();
  const json::array back = parse_json(std::move(out).text()).value().as_array();
  EXPECT_EQ(back.at(0).as_string(), all);
  EXPECT_EQ(back.at(1).as_string(), "");
}

TEST(JsonWriter, EveryNumberReadsBackAsItWas) {
  for (const double number :
       {0.0, -0.0, 0.1, 1e-9, 123456789.125, 5e-324, 1.7976931348623157e308}) {
    JsonWriter out;
    out.value(number);
    EXPECT_EQ(parse_json(std::move(out).text()).value().to_number<double>(), number);
  }
  JsonWriter out;
  out.begin_array().value(std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::move(out.value(std::nan("")).end_array()).text(), "[null,null]");
}

}  // namespace
}  // namespace nearside::base
