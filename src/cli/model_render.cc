// `nearside model render`: what a chat template makes of a request, byte for byte.
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/model.h"
#include "text/chat_template.h"

namespace nearside::cli {

namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr std::size_t kRequestBytesMax = 64U << 20;
// Members that the template sees under these names and that are not further variables.
constexpr const char* kKnownMembers[] = {"messages",  "tools",     "add_generation_prompt",
                                         "bos_token", "eos_token", "chat_template_kwargs"};

struct Options {
  std::string template_path;
  std::string request_path;
  std::string now;  // empty: the machine's clock
  bool json = false;
};

// "2026-01-15T09:30:00Z".
Result<base::WallTime> parse_time(const std::string& text) {
  std::tm parts{};
  char zone = '\0';
  const int fields =
      std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &zone);
  if (fields != 7 || zone != 'Z')
    return fail(Code::kInvalidArgument, "'{}' is not a time; write it as 2026-01-15T09:30:00Z",
                text);
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

Result<base::json::array> array_member(const base::json::object& request, const char* name) {
  const auto* const member = request.if_contains(name);
  if (member == nullptr || member->is_null()) return base::json::array();
  if (!member->is_array())
    return fail(Code::kInvalidArgument, "'{}' of the request is not a list", name);
  return member->get_array();
}

Result<std::string> text_member(const base::json::object& request, const char* name) {
  const auto* const member = request.if_contains(name);
  if (member == nullptr || member->is_null()) return std::string();
  if (!member->is_string())
    return fail(Code::kInvalidArgument, "'{}' of the request is not a text", name);
  return std::string(member->get_string());
}

Result<text::TemplateInput> input_of(const base::json::value& value) {
  if (!value.is_object())
    return fail(Code::kInvalidArgument, "the request is not a JSON object with 'messages'");
  const base::json::object& request = value.get_object();
  if (!request.contains("messages"))
    return fail(Code::kInvalidArgument, "the request has no 'messages'");
  text::TemplateInput input;
  input.messages = TRY(array_member(request, "messages"));
  input.tools = TRY(array_member(request, "tools"));
  input.bos_token = TRY(text_member(request, "bos_token"));
  input.eos_token = TRY(text_member(request, "eos_token"));
  if (const auto* const prompt = request.if_contains("add_generation_prompt"); prompt != nullptr) {
    if (!prompt->is_bool())
      return fail(Code::kInvalidArgument,
                  "'add_generation_prompt' of the request is neither true nor false");
    input.add_generation_prompt = prompt->get_bool();
  }
  for (const auto& [name, member] : request) {
    bool known = false;
    for (const char* const other : kKnownMembers) known |= name == other;
    if (!known) input.extra[name] = member;
  }
  if (const auto* const more = request.if_contains("chat_template_kwargs");
      more != nullptr && more->is_object())
    for (const auto& [name, member] : more->get_object()) input.extra[name] = member;
  return input;
}

Result<std::string> rendered(const Options& options) {
  const std::string source = TRY(base::read_file(options.template_path));
  const auto chat_template = text::ChatTemplate::parse(source);
  if (!chat_template) return base::Error(chat_template.error()).with_context(options.template_path);
  const std::string request = TRY(base::read_file(options.request_path, kRequestBytesMax));
  const auto parsed = base::parse_json(request);
  if (!parsed) return base::Error(parsed.error()).with_context(options.request_path);
  auto input = input_of(*parsed);
  if (!input) return base::Error(input.error()).with_context(options.request_path);
  input->now = options.now.empty() ? base::SystemClock().wall() : TRY(parse_time(options.now));
  return chat_template->render(*input);
}

Exit run(const Options& options) {
  const auto text = rendered(options);
  if (!text) {
    fmt::print(stderr, "nearside model render: {}\n", text.error().message);
    return Exit::kFailed;
  }
  // The prompt as it is, without a newline of our own: every byte of it counts.
  if (options.json)
    fmt::print("{}\n", base::json::serialize(base::json::value{{"prompt", *text}}));
  else
    std::fwrite(text->data(), 1, text->size(), stdout);
  return Exit::kDone;
}

}  // namespace

Run model_render(App& root, App*& command) {
  const auto options = std::make_shared<Options>();  // lives as long as CLI11 may write to it
  command = root.add_subcommand("render", "Shows what a chat template makes of a request");
  command->add_option("--template", options->template_path, "Jinja chat template")->required();
  command
      ->add_option("--request", options->request_path,
                   "JSON object with messages, and optionally tools, add_generation_prompt, "
                   "bos_token, eos_token and variables of the template's own; - reads standard "
                   "input")
      ->required();
  command->add_option("--now", options->now,
                      "the time that templates print, in UTC (2026-01-15T09:30:00Z); without it, "
                      "the machine's");
  command->add_flag("--json", options->json, "one JSON object {\"prompt\": ...}");
  command->footer("Example: nearside model render --template chat.jinja --request request.json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
