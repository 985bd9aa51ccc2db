// How long a template of the usual kind takes: parsed once, rendered for a chat of so many
// messages.
#include <string>

#include <benchmark/benchmark.h>

#include "text/chat_template.h"

namespace {

using namespace nearside;

constexpr const char* kTemplate = R"({%- if tools %}
{{- '<|im_start|>system\n# Tools\n' }}
{%- for tool in tools %}{{- "\n" ~ (tool | tojson) }}{%- endfor %}
{{- '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(last_user=-1) %}
{%- for message in messages %}
{%- if message.role == 'user' and message.content is string %}{%- set ns.last_user = loop.index0 %}{%- endif %}
{%- endfor %}
{%- for message in messages %}
{%- if message.role == 'assistant' and '</think>' in message.content %}
{%- set content = message.content.split('</think>')[-1].lstrip('\n') %}
{%- else %}{%- set content = message.content %}{%- endif %}
{{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %})";

text::TemplateInput chat(std::int64_t messages) {
  text::TemplateInput input;
  for (std::int64_t i = 0; i < messages; ++i)
    input.messages.push_back(base::json::object{{"role", i % 2 == 0 ? "user" : "assistant"},
                                                {"content", std::string(400, 'x')}});
  return input;
}

void BM_Parse(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(text::ChatTemplate::parse(kTemplate).has_value());
}
BENCHMARK(BM_Parse);

void BM_Render(benchmark::State& state) {
  const auto parsed = text::ChatTemplate::parse(kTemplate);
  const text::TemplateInput input = chat(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(parsed->render(input).has_value());
}
BENCHMARK(BM_Render)->Arg(2)->Arg(20)->Arg(200);

}  // namespace
