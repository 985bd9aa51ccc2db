#include "gateway/templates.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "base/file.h"
#include "base/utf8.h"
#include "trust/key_envelope.h"
#include "trust/sealed_file.h"
#include "vault/canary.h"

namespace nearside::gateway {

using base::Code;
using base::fail;
using base::Result;
namespace json = base::json;

namespace {

// The window of the egress filter: wide enough for chance not to fill it, and for a canary to be
// recognised before any of it gets out.
constexpr std::size_t kWindowMost = 64;
constexpr std::size_t kWindowLeast = vault::kCanarySymbolsMax;
// Sealed bytes: header, chunk tags.
constexpr std::size_t kSealedBytesMax = vault::kTemplateBytesMax + (64U << 10);

Result<std::string> unsealed(const TemplateConfig& config, const std::string& bytes) {
  const auto file = std::as_bytes(std::span(bytes));
  if (config.sealed.envelope.empty()) {
    if (trust::looks_sealed(file))
      return fail(Code::kPermission, "{} is sealed; configure sealed.envelope", config.file);
    return bytes;
  }
  if (!trust::looks_sealed(file))
    return fail(Code::kPermission, "{} is not sealed, but its configuration says so", config.file);
  const trust::OpenedEnvelope envelope = TRY(
      trust::open_envelope({config.sealed.envelope, config.sealed.key_file, config.sealed.tpm}));
  const trust::SealedFile sealed = TRY(trust::SealedFile::open(file, envelope.data_key));
  if (sealed.header().file_id != envelope.file_id)
    return fail(Code::kPermission, "{} is the envelope of another file", config.sealed.envelope);
  if (sealed.header().plain_bytes > vault::kTemplateBytesMax)
    return fail(Code::kTooLarge, "a template has at most {} bytes", vault::kTemplateBytesMax);
  std::string plain(sealed.header().plain_bytes, '\0');
  TRY(sealed.decrypt(0, std::as_writable_bytes(std::span(plain))));
  return plain;
}

Result<std::shared_ptr<const vault::EgressPatterns>> patterns_of(const std::string& name,
                                                                 const std::string& text) {
  const auto letters = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }));
  vault::EgressOptions options;
  options.window = std::clamp(letters / 2, kWindowLeast, kWindowMost);
  return vault::EgressPatterns::create({{name, text}}, options);
}

std::string full_name(const TemplateConfig& config) {
  return fmt::format("{}@{}", config.name, config.version);
}

Result<std::map<std::string, std::string>> variables_of(const json::object& field) {
  std::map<std::string, std::string> values;
  const json::value* variables = field.if_contains("variables");
  if (variables == nullptr) return values;
  if (!variables->is_object())
    return fail(Code::kInvalidArgument, "nearside.variables must be an object of texts");
  for (const auto& member : variables->get_object()) {
    if (!member.value().is_string())
      return fail(Code::kInvalidArgument, "nearside.variables.{} must be a text",
                  std::string_view(member.key()));
    values.emplace(member.key(), member.value().get_string());
  }
  return values;
}

std::string_view role_of(const json::value& message) {
  const json::object* object = message.if_object();
  const json::value* role = object == nullptr ? nullptr : object->if_contains("role");
  return role == nullptr || !role->is_string() ? std::string_view() : role->get_string();
}

}  // namespace

Result<Templates> Templates::open(const std::vector<TemplateConfig>& configs) {
  Templates all;
  for (const TemplateConfig& config : configs) {
    const std::string context = "template " + full_name(config);
    const auto read = [&]() -> Result<Opened> {
      const std::string bytes = TRY(base::read_file(config.file, kSealedBytesMax));
      const std::string text = TRY(unsealed(config, bytes));
      vault::PromptTemplate parsed = TRY(vault::PromptTemplate::parse(text));
      auto patterns = TRY(patterns_of(full_name(config), parsed.fixed_text()));
      return Opened{config, std::move(parsed), std::move(patterns)};
    };
    Result<Opened> opened = read();
    if (!opened) return std::move(opened).error().with_context(context);
    all.opened_.push_back(*std::move(opened));
  }
  return all;
}

const Templates::Opened* Templates::find(std::string_view asked, std::string_view tenant) const {
  const std::size_t at = asked.rfind('@');
  const std::string_view name = asked.substr(0, at);
  std::size_t version = 0;  // the newest
  if (at != std::string_view::npos) {
    const std::string_view digits = asked.substr(at + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), version);
    if (error != std::errc() || end != digits.data() + digits.size() || version == 0)
      return nullptr;
  }
  const Opened* found = nullptr;
  for (const Opened& opened : opened_) {
    const auto& tenants = opened.config.tenants;
    if (opened.config.name != name || (version != 0 && opened.config.version != version)) continue;
    if (!tenants.empty() && std::find(tenants.begin(), tenants.end(), tenant) == tenants.end())
      continue;
    if (found == nullptr || found->config.version < opened.config.version) found = &opened;
  }
  return found;
}

Result<std::optional<TemplateUse>> Templates::apply(std::string_view tenant,
                                                    chat::Request& request) const {
  const json::value* const field = request.original.if_contains("nearside");
  if (field == nullptr) return std::optional<TemplateUse>();
  if (!field->is_object())
    return fail(Code::kInvalidArgument, "nearside must be an object with template and variables");
  for (const auto& member : field->get_object())
    if (member.key() != "template" && member.key() != "variables")
      return fail(Code::kInvalidArgument, "nearside.{} is not known here",
                  std::string_view(member.key()));
  const json::value* const asked = field->get_object().if_contains("template");
  if (asked == nullptr || !asked->is_string())
    return fail(Code::kInvalidArgument, "nearside.template must be a name, as in triage@3");
  const Opened* const used = find(asked->get_string(), tenant);
  if (used == nullptr)
    return fail(Code::kNotFound, "the template '{}' is not known here",
                std::string_view(asked->get_string()));
  if (request.kind != chat::Request::Kind::kChat)
    return fail(Code::kInvalidArgument, "templates are for chats");
  if (request.logprobs)
    return fail(Code::kInvalidArgument, "logprobs are not given for answers to a template");
  for (const json::value& message : request.messages)
    if (used->config.system && (role_of(message) == "system" || role_of(message) == "developer"))
      return fail(Code::kInvalidArgument,
                  "the template is the system message; send no other beside it");
  const std::map<std::string, std::string> values = TRY(variables_of(field->get_object()));
  std::string text = TRY(used->text.render(values));
  TemplateUse use{full_name(used->config), used->patterns, ""};
  use.canary = vault::make_canary(used->text.fixed_text(), use.name, tenant);
  text += fmt::format("\n\n[ref {}]", use.canary);
  request.messages.insert(
      request.messages.begin(),
      json::object{{"role", used->config.system ? "system" : "user"}, {"content", text}});
  request.original.clear();
  request.original_text.clear();
  return std::optional<TemplateUse>(std::move(use));
}

}  // namespace nearside::gateway
