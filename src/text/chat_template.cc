#include "text/chat_template.h"

#include "text/jinja_functions.h"
#include "text/jinja_interpreter.h"
#include "text/jinja_json.h"
#include "text/jinja_parser.h"

namespace nearside::text {

using base::Result;

struct ChatTemplate::Program {
  TemplateLimits limits;
  std::unique_ptr<jinja::Program> parsed;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Program> program) : program_(std::move(program)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::parse(std::string_view source, const TemplateLimits& limits) {
  auto program = std::make_unique<Program>();
  program->limits = limits;
  program->parsed = TRY(jinja::parse_program(source, limits));
  return ChatTemplate(std::move(program));
}

namespace {

// The value of a name that the template mentions; empty where it is given none.
Result<std::optional<jinja::Value>> input_value(jinja::Budget& budget, const TemplateInput& input,
                                                std::string_view name) {
  using jinja::Value;
  if (const auto* const extra = input.extra.if_contains(name); extra != nullptr)
    return std::optional<Value>(TRY(jinja::from_json(budget, *extra)));
  if (name == "messages")
    return std::optional<Value>(TRY(jinja::from_json(budget, input.messages)));
  if (name == "tools")
    return std::optional<Value>(input.tools.empty() ? Value::none()
                                                    : TRY(jinja::from_json(budget, input.tools)));
  if (name == "add_generation_prompt")
    return std::optional<Value>(Value::boolean(input.add_generation_prompt));
  if (name == "bos_token")
    return std::optional<Value>(TRY(jinja::make_string(budget, input.bos_token)));
  if (name == "eos_token")
    return std::optional<Value>(TRY(jinja::make_string(budget, input.eos_token)));
  if (const auto* const function = jinja::find_global_function(name); function != nullptr)
    return std::optional<Value>(TRY(jinja::make_function(budget, *function, Value())));
  return std::optional<Value>();
}

}  // namespace

Result<std::string> ChatTemplate::render(const TemplateInput& input) const {
  jinja::Budget budget(program_->limits);
  jinja::Interpreter interpreter(*program_->parsed, budget, input.now);
  const auto& names = program_->parsed->names;
  for (jinja::NameId id = 0; id < names.size(); ++id) {
    auto value = TRY(input_value(budget, input, names[id].text()));
    if (value) interpreter.define(id, std::move(*value));
  }
  return interpreter.run();
}

}  // namespace nearside::text
