#include "text/chat_template.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"

namespace nearside::text {
namespace {

using base::Code;
namespace json = base::json;

// 2026-01-15 09:30:00 UTC, which the expected renderings were made with.
base::WallTime fixed_time() { return base::WallTime(std::chrono::seconds(1768469400)); }

TemplateInput input_of(const json::object& request) {
  TemplateInput input;
  input.now = fixed_time();
  input.messages = request.at("messages").as_array();
  if (const auto* tools = request.if_contains("tools"); tools != nullptr && tools->is_array())
    input.tools = tools->as_array();
  input.add_generation_prompt = request.at("add_generation_prompt").as_bool();
  return input;
}

TEST(ChatTemplates, OfRealModelsRenderAsJinjaDoes) {
  const std::filesystem::path folder = "../shared/data/chat-templates";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  std::size_t cases_count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    const auto text = base::read_file(file.path());
    ASSERT_TRUE(text) << file.path();
    const auto parsed = base::parse_json(*text);
    ASSERT_TRUE(parsed) << file.path();
    const json::object& given = parsed->as_object();
    auto source_path = file.path();
    const auto source = base::read_file(source_path.replace_extension(".jinja"));
    ASSERT_TRUE(source) << source_path;
    const auto chat_template = ChatTemplate::parse(*source);
    ASSERT_TRUE(chat_template) << file.path() << ": " << chat_template.error().message;
    for (const auto& [name, value] : given.at("cases").as_object()) {
      const json::object& request = value.as_object();
      TemplateInput input = input_of(request);
      input.bos_token = given.at("bos_token").as_string();
      input.eos_token = given.at("eos_token").as_string();
      const auto rendered = chat_template->render(input);
      ++cases_count;
      if (request.contains("error")) {
        EXPECT_FALSE(rendered) << file.path() << " " << name << " renders, but should fail with "
                               << request.at("error");
        continue;
      }
      ASSERT_TRUE(rendered) << file.path() << " " << name << ": " << rendered.error().message;
      EXPECT_EQ(*rendered, std::string_view(request.at("expected").as_string()))
          << file.path() << " " << name;
    }
  }
  EXPECT_GT(cases_count, 0U);
}

base::Result<std::string> render(std::string_view source, const TemplateInput& input = {},
                                 const TemplateLimits& limits = {}) {
  const auto parsed = ChatTemplate::parse(source, limits);
  if (!parsed) return parsed.error();
  return parsed->render(input);
}

Code code_of(const base::Result<std::string>& result) {
  return result ? Code::kInternal : result.error().code;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(ChatTemplate, GivesToolsAsNoneWithoutTools) {
  EXPECT_EQ(*render("{{ tools is none }} {{ bos_token is defined }}"), "True True");
}

TEST(ChatTemplate, SeesFurtherVariables) {
  TemplateInput input;
  input.extra["enable_thinking"] = false;
  EXPECT_EQ(*render("{{ enable_thinking is defined and not enable_thinking }}", input), "True");
}

TEST(ChatTemplate, NormalizesLineEndsOfItsSource) {
  EXPECT_EQ(*render("a\r\nb\rc{% if true %}\r\nd{% endif %}\r\n"), "a\nb\ncd");
}

TEST(ChatTemplate, NamesTheLineOfASyntaxError) {
  const auto parsed = ChatTemplate::parse("a\n{% if x %}\n{{ 1 + }}\n{% endif %}");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::kInvalidArgument);
  EXPECT_NE(parsed.error().message.find("line 3"), std::string::npos) << parsed.error().message;
}

TEST(ChatTemplate, NamesTheLineOfARenderingError) {
  const auto rendered = render("a\n\n{{ messages[0].nothing.more }}");
  ASSERT_EQ(code_of(rendered), Code::kInvalidArgument);
  EXPECT_NE(rendered.error().message.find("line 3"), std::string::npos) << rendered.error().message;
}

TEST(ChatTemplate, PassesOnWhatTheTemplateRaises) {
  const auto rendered = render("{{ raise_exception('roles must alternate') }}");
  ASSERT_EQ(code_of(rendered), Code::kInvalidArgument);
  EXPECT_NE(rendered.error().message.find("roles must alternate"), std::string::npos);
}

TEST(ChatTemplate, RefusesSourcesThatAreNotUtf8) {
  EXPECT_EQ(code_of(render("a\xFFz")), Code::kInvalidArgument);
}

TEST(ChatTemplate, RefusesIntegersBeyond64Bits) {
  EXPECT_EQ(*render("{{ 9223372036854775806 + 1 }}"), "9223372036854775807");
  for (const char* source :
       {"{{ 9223372036854775808 }}", "{{ 9223372036854775807 + 1 }}",
        "{{ -9223372036854775807 - 2 }}", "{{ 2 ** 63 }}", "{{ 3 ** 99999999 }}",
        "{{ 9223372036854775807 * 2 }}", "{{ '99999999999999999999' | int }}", "{{ 1e300 | int }}",
        "{{ (-9223372036854775807 - 1) // -1 }}", "{{ -(-9223372036854775807 - 1) }}"})
    EXPECT_EQ(code_of(render(source)), Code::kInvalidArgument) << source;
}

TEST(ChatTemplate, IsRenderedByManyThreadsAtOnce) {
  const auto parsed = ChatTemplate::parse(
      "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + m.content|length %}"
      "{{ 'prefix ä' ~ m.content }}{{ 'ä'|length }}{% endfor %}{{ ns.n }}");
  ASSERT_TRUE(parsed);
  TemplateInput input;
  input.messages.push_back(json::object{{"role", "user"}, {"content", "hello"}});
  std::vector<std::string> results(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& result : results)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) result = *parsed->render(input);
      });
  }
  for (const std::string& result : results) EXPECT_EQ(result, "prefix ähello15");
}

// Templates that ask for far more than any prompt needs, each for a bound of its own.
TEST(TemplateLimits, StopTemplatesThatExplode) {
  // A part of the usual, so that the test takes a part of the time.
#if defined(__SANITIZE_THREAD__)
  constexpr std::size_t kPart = 512;
#else
  constexpr std::size_t kPart = 8;
#endif
  TemplateLimits limits;
  limits.steps_max /= kPart;
  limits.output_bytes_max /= kPart;
  limits.value_bytes_max /= kPart;
  const std::vector<std::string> sources{
      // Work.
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a * b %}{% endfor %}{% "
      "endfor %}",
      "{% set l = range(99999)|list %}{% for a in l %}{% if l == l|sort %}{% endif %}{% endfor %}",
      "{% set s = 'a' * 1000000 %}{% for a in range(99999) %}{% if s in s %}{% endif %}{% endfor "
      "%}",
      "{% set s = 'a' * 1000000 %}{% for a in range(9999) %}{% set t = s|upper %}{% endfor %}",
      // One text, one list.
      "{{ 'a' * 1000000000 }}", "{{ 10 ** 9 * 'ab' }}", "{{ [0] * 10 ** 12 }}",
      "{{ 'a' * 9223372036854775807 }}", "{{ 'aa' * 9223372036854775807 }}",
      "{{ 'x'.center(10 ** 12) }}", "{{ 'x'.ljust(10 ** 12) }}", "{{ 'x'.zfill(10 ** 12) }}",
      "{{ 'x'|center(10 ** 12) }}", "{{ 'x'|indent(10 ** 12) }}", "{{ '%2000000000d' % 1 }}",
      "{{ '%*d' % (2000000000, 1) }}", "{{ '{:2000000000}'.format(1) }}",
      "{{ [1]|tojson(indent=10 ** 12) }}", "{{ [1]|batch(10 ** 12, 'x')|list }}",
      "{{ [1]|slice(10 ** 12)|list }}", "{{ range(10 ** 12) }}",
      "{{ range(-9223372036854775807, 9223372036854775807) }}",
      "{{ ('a' * 6000000).split('a')|length }}", "{{ ('a' * 6000000)|list|length }}",
      "{{ ('a\n' * 3000000).splitlines()|length }}",
      "{{ ('a' * 3000000).replace('a', 'b' * 1000)|length }}",
      "{{ ('a' * 8000).replace('', 'b' * 80000)|length }}",
      "{{ ('a,' * 8000).split(',')|join('b' * 80000) }}",
      // Growth.
      "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(99) %}{% set ns.s = ns.s + "
      "ns.s %}{% endfor %}",
      "{% set ns = namespace(l=[0]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% "
      "endfor "
      "%}",
      "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + ['a' * "
      "100000] "
      "%}{% endfor %}",
      "{% for i in range(99999) %}{{ 'a' * 100000 }}{% endfor %}",
      "{% macro m(n) %}{{ 'a' * 1000000 }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
      // Values whose printing is much larger than they are.
      "{% set ns = namespace(l=['a' * 1000]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] "
      "%}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=['a' * 1000]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] "
      "%}{% endfor %}{{ ns.l|tojson }}",
      "{% set ns = namespace(l=1, k=1) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% "
      "set ns.k = [ns.k, ns.k] %}{% endfor %}{{ ns.l == ns.k }}",
      // Depth.
      "{% set ns = namespace(l=1) %}{% for i in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}",
      "{% set ns = namespace(l=1) %}{% for i in range(99999) %}{% set ns.l = {'k': ns.l} %}{% "
      "endfor "
      "%}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
      "{% macro m() %}{{ caller() }}{% call m() %}{% endcall %}{% endmacro %}{% call m() %}{% "
      "endcall %}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}",
      "{{ " + repeated("[", 5000) + repeated("]", 5000) + " }}",
      "{{ " + repeated("-", 5000) + "1 }}", "{{ " + repeated("not ", 5000) + "1 }}",
      "{{ 1" + repeated(" + 1", 5000) + " }}", "{{ x" + repeated(".x", 5000) + " }}",
      "{{ x" + repeated("|string", 5000) + " }}", "{{ 1" + repeated(" if 1 else 1", 5000) + " }}",
      "{{ x" + repeated("()", 5000) + " }}", "{{ 2" + repeated(" ** 1", 5000) + " }}",
      repeated("{% if 1 %}", 5000) + repeated("{% endif %}", 5000),
      repeated("{% for x in y %}", 5000) + repeated("{% endfor %}", 5000),
      "{% set " + repeated("(", 5000) + "a" + repeated(")", 5000) + " = 1 %}",
      // Source.
      repeated("a", (1U << 20) + 1)};
  for (const std::string& source : sources) {
    EXPECT_EQ(code_of(render(source, {}, limits)), Code::kTooLarge) << source.substr(0, 120);
  }
}

TEST(TemplateLimits, CountStepsToTheLast) {
  TemplateLimits limits;
  limits.steps_max = 1'000;
  EXPECT_TRUE(render("{% for i in range(100) %}{{ i }}{% endfor %}", {}, limits));
  EXPECT_EQ(code_of(render("{% for i in range(1000) %}{{ i }}{% endfor %}", {}, limits)),
            Code::kTooLarge);
}

TEST(TemplateLimits, CountOutputToTheByte) {
  TemplateLimits limits;
  limits.output_bytes_max = 100;
  EXPECT_TRUE(render("{{ 'a' * 100 }}", {}, limits));
  EXPECT_EQ(code_of(render("{{ 'a' * 101 }}", {}, limits)), Code::kTooLarge);
  EXPECT_EQ(code_of(render("{{ 'a' * 100 }}b", {}, limits)), Code::kTooLarge);
}

TEST(TemplateLimits, CountTheInputsValues) {
  TemplateLimits limits;
  limits.value_bytes_max = 10'000;
  TemplateInput input;
  input.messages.push_back(json::object{{"content", std::string(20'000, 'a')}});
  EXPECT_EQ(code_of(render("{{ messages|length }}", input, limits)), Code::kTooLarge);
  EXPECT_TRUE(render("no messages asked for", input, limits));
}

TEST(TemplateLimits, GiveBackWhatDiedOnTheWay) {
  TemplateLimits limits;
  limits.value_bytes_max = 1'000'000;
  EXPECT_TRUE(
      render("{% for i in range(1000) %}{% set s = 'a' * 100000 %}{% endfor %}", {}, limits));
}

TEST(TemplateLimits, AllowDeepButBoundedTemplates) {
  EXPECT_TRUE(render("{{ " + repeated("(", 100) + "1" + repeated(")", 100) + " }}"));
  EXPECT_TRUE(render("{{ 'a'" + repeated(" + 'a'", 100) + " }}"));
  EXPECT_TRUE(render("{{ 'a'" + repeated(" ~ 'a'", 5000) + " }}"));
  EXPECT_TRUE(
      render("{% macro m(n) %}{% if n > 0 %}{{ n }}{{ m(n - 1) }}{% endif %}{% endmacro %}"
             "{{ m(100) }}"));
}

TEST(ChatTemplate, FreesNamespacesThatHoldThemselves) {
  EXPECT_TRUE(
      render("{% set ns = namespace() %}{% set ns.me = ns %}{% set ns.list = [ns] %}"
             "{% for x in [ns] %}{% set ns.loop = loop %}{{ loop.changed(loop, ns) }}"
             "{% endfor %}"));
}

TEST(ChatTemplate, RefusesMacrosCarriedOutOfTheirScope) {
  EXPECT_EQ(code_of(render("{% set ns = namespace() %}{% for i in [1] %}{% macro m() %}{{ i }}"
                           "{% endmacro %}{% set ns.m = m %}{% endfor %}{{ ns.m() }}")),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace nearside::text
