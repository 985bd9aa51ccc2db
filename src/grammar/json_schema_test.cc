#include "grammar/json_schema.h"

#include <gtest/gtest.h>

#include "grammar/trial_for_test.h"

namespace nearside::grammar {
namespace {

struct Case {
  const char* schema;
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

TEST(JsonSchema, AcceptsValidInstancesOnly) {
  const Case cases[] = {
      {R"({"type":["null","boolean"]})", {"null", "true", "false"}, {"0", "\"null\""}},
      {R"({"enum":["a",1,{"k":[true]},null]})",
       {"\"a\"", "1", "1.0", R"({"k": [true]})", "null"},
       {"\"b\"", "2", "{}", R"({"k":[false]})"}},
      {R"({"type":"string","minLength":2,"maxLength":3})",
       {"\"ab\"", "\"aéb\"", R"("\u00e9b")", R"("\ud83d\ude00b")"},
       {"\"a\"", "\"abcd\"", R"("\ud83d\ude00")", R"("\ud83dab")"}},
      {R"({"type":"integer","minimum":-3,"exclusiveMaximum":12})",
       {"-3", "0", "11", "5.0"},
       {"-4", "12", "1.5", "1e1"}},
      {R"({"type":"number","minimum":1,"exclusiveMinimum":true})", {"1.5", "2"}, {"1", "1.0"}},
      {R"({"type":"number","multipleOf":0.5})", {"1.5", "-2", "0"}, {"1.2", "01"}},
      {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},
           "required":["b"],"additionalProperties":false})",
       {R"({"a":1,"b":""})", R"({"b":"","a":1})", R"({"b":""})"},
       {R"({"a":1})", "{}", R"({"b":"","c":1})", R"({"b":"","b":""})"}},
      {R"({"type":"object","properties":{"a":{"type":"integer"}},
           "additionalProperties":{"type":"string"}})",
       {R"({"a":1,"x":"y"})", R"({"ab":"y"})", "{}"},
       {R"({"a":"1"})", R"({"x":1})", R"({"\u0061":"x"})"}},
      {R"({"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"minimum":5}},
           "additionalProperties":false})",
       {R"({"x":1})", R"({"ay":7})", R"({"xy":6})"},
       {R"({"xy":4})", R"({"z":4})", R"({"xy":5.5})"}},
      {R"({"type":"object","propertyNames":{"pattern":"^[a-z]+$"},"maxProperties":2})",
       {R"({"a":1,"b":2})"},
       {R"({"A":1})", R"({"a":1,"b":2,"c":3})"}},
      {R"({"type":"object","minProperties":1,"properties":{"a":{}},"additionalProperties":false})",
       {R"({"a":0})"},
       {"{}"}},
      {R"({"type":"object","maxProperties":1,"required":["b"]})",
       {R"({"b":0})"},
       {R"({"a":0,"b":0})", R"({"a":0})"}},
      {R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":2})",
       {"[1]", "[1, 2]"},
       {"[]", "[1,2,3]", "[\"\"]"}},
      {R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false})",
       {"[]", "[1]", "[1,\"\"]"},
       {"[\"\"]", "[1,\"\",1]"}},
      {R"({"allOf":[{"type":"object","required":["a"]},{"properties":{"a":{"type":"null"}}}]})",
       {R"({"a":null})", R"({"a":null,"b":1})"},
       {R"({"a":1})", "{}"}},
      {R"({"anyOf":[{"type":"integer"},{"type":"string","pattern":"^x"}],"not":{"const":"xx"}})",
       {"3", "\"xy\""},
       {"\"xx\"", "\"y\"", R"("\u0078x")"}},
      {R"({"oneOf":[{"type":"integer","minimum":5},{"type":"integer","multipleOf":2}]})",
       {"7", "4"},
       {"6", "3"}},
      {R"({"oneOf":[{"required":["k"],"properties":{"k":{"const":1}}},
                    {"required":["k"],"properties":{"k":{"const":2}}}],"type":"object"})",
       {R"({"k":1})", R"({"k":2,"x":0})"},
       {R"({"k":3})", "{}"}},
      {R"({"type":"object","not":{"required":["a","b"]}})",
       {"{}", R"({"a":1})", R"({"b":1})"},
       {R"({"a":1,"b":1})", R"({"b":1,"c":1,"a":1})"}},
      {R"({"type":"object","if":{"required":["a"],"properties":{"a":{"const":1}}},
           "then":{"required":["b"]},"else":{"required":["c"]}})",
       {R"({"a":1,"b":0})", R"({"a":2,"c":0})", R"({"c":0})"},
       {R"({"a":1})", R"({"a":1,"c":0})", "{}"}},
      {R"({"type":"object","dependencies":{"a":["b"]}})",
       {"{}", R"({"b":1})", R"({"a":1,"b":1})"},
       {R"({"a":1})"}},
      {R"({"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","additionalProperties":false,
           "properties":{"next":{"anyOf":[{"$ref":"#/$defs/tree"},{"type":"null"}]}}}}})",
       {"{}", R"({"next":{"next":null}})"},
       {R"({"next":1})", R"({"other":{}})"}},
      {R"({"type":"string","format":"date"})", {"\"2024-02-29\""}, {"\"2023-02-29\"", "\"x\""}},
      {R"({"type":"string","format":"ipv6"})", {"\"::1\"", "\"1:2::3\""}, {"\"1::2::3\""}},
      {R"({"type":"string","format":"unheard-of"})", {"\"x\""}, {"1"}},
  };
  for (const Case& one : cases) {
    const auto constraint = compile(Spec::Kind::kJsonSchema, one.schema);
    ASSERT_TRUE(constraint) << one.schema << ": " << constraint.error().message;
    for (const char* good : one.good)
      EXPECT_TRUE(accepts(*constraint, good)) << one.schema << "\n" << good;
    for (const char* bad : one.bad)
      EXPECT_FALSE(accepts(*constraint, bad)) << one.schema << "\n" << bad;
  }
}

TEST(JsonSchema, RefusesByName) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"type":"array","uniqueItems":true})", "uniqueItems"},
      {R"({"contains":{}})", "contains"},
      {R"({"unevaluatedProperties":false})", "unevaluatedProperties"},
      {R"({"$ref":"http://example.com/other.json"})", "$ref"},
      {R"({"$dynamicRef":"#a"})", "$dynamicRef"},
      {R"({"type":"string","format":"iri"})", "format"},
      {R"j({"type":"string","pattern":"(?=a)"})j", "pattern"},
      {R"({"not":{"items":{"type":"string"}}})", "not"},
      {R"({"oneOf":[{"items":{"minimum":1}},{"items":{"minimum":2}}]})", "oneOf"},
      {R"({"patternProperties":{"\\bx":{}}})", "patternProperties"},
  };
  for (const auto& [schema, keyword] : cases) {
    const auto constraint = compile(Spec::Kind::kJsonSchema, schema);
    ASSERT_FALSE(constraint) << schema;
    EXPECT_EQ(constraint.error().code, base::Code::kUnsupported) << constraint.error().message;
    EXPECT_NE(constraint.error().message.find(keyword), std::string::npos)
        << constraint.error().message;
  }
}

TEST(JsonSchema, SaysWhatIsWrong) {
  for (const char* schema :
       {"{", "[]", "1", R"({"type":"str"})", R"({"type":3})", R"({"minLength":-1})",
        R"({"required":[1]})", R"({"properties":[]})", R"({"$ref":"#/nowhere"})", R"({"$ref":"#"})",
        R"({"allOf":{}})", R"({"multipleOf":0})", R"({"pattern":"("})"}) {
    const auto constraint = compile(Spec::Kind::kJsonSchema, schema);
    ASSERT_FALSE(constraint) << schema;
    EXPECT_EQ(constraint.error().code, base::Code::kInvalidArgument) << constraint.error().message;
  }
}

TEST(JsonSchema, HostileOnesAreBounded) {
  std::string wide = R"({"allOf":[)";
  for (int i = 0; i < 40; ++i) {
    if (i > 0) wide += ',';
    wide += R"({"anyOf":[{"required":["a)" + std::to_string(i) + R"("]},{"required":["b)" +
            std::to_string(i) + R"("]}]})";
  }
  wide += "]}";
  EXPECT_FALSE(compile(Spec::Kind::kJsonSchema, wide));
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += R"({"not":)";
  EXPECT_FALSE(compile(Spec::Kind::kJsonSchema, deep));
  const auto huge = compile(Spec::Kind::kJsonSchema,
                            R"({"type":"string","minLength":1000000,"maxLength":1000000})");
  ASSERT_TRUE(huge) << huge.error().message;
  EXPECT_FALSE(accepts(*huge, "\"abc\""));
}

}  // namespace
}  // namespace nearside::grammar
