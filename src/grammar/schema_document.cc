#include "grammar/schema_document.h"

#include <array>

#include "grammar/json_schema.h"

namespace nearside::grammar {

namespace json = base::json;
using base::Code;
using base::fail;

namespace {

/// Percent-escapes and JSON pointer escapes (RFC 6901 section 4 and 6) undone.
std::string unescaped(std::string_view part) {
  std::string bytes;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto digit = [&](std::size_t at) -> int {
      const char c = at < part.size() ? part[at] : ' ';
      if (c >= '0' && c <= '9') return c - '0';
      return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    };
    if (part[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      bytes += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      bytes += part[i];
    }
  }
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool escape = bytes[i] == '~' && i + 1 < bytes.size();
    if (escape && (bytes[i + 1] == '0' || bytes[i + 1] == '1'))
      out += bytes[++i] == '0' ? '~' : '/';
    else
      out += bytes[i];
  }
  return out;
}

const json::value* child(const json::value& value, const std::string& name) {
  if (const json::object* object = value.if_object()) return object->if_contains(name);
  const json::array* array = value.if_array();
  if (array == nullptr || name.empty() || name.size() > 6) return nullptr;
  std::size_t index = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return nullptr;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < array->size() ? &(*array)[index] : nullptr;
}

}  // namespace

base::Result<SchemaDocument> SchemaDocument::parse(std::string_view text) {
  SchemaDocument document;
  json::value value = TRY(base::parse_json(text, kSchemaDepthMax));
  document.add(json::value(false));
  document.owned_.push_back(std::move(value));
  document.root_ = &document.owned_.back();
  if (const json::object* root = document.root_->if_object()) {
    if (const json::value* dialect = root->if_contains("$schema");
        dialect && dialect->is_string()) {
      constexpr std::array<std::string_view, 4> kOld = {"draft-03", "draft-04", "draft-06",
                                                        "draft-07"};
      for (const std::string_view old : kOld)
        if (std::string_view(dialect->get_string()).find(old) != std::string_view::npos)
          document.reference_stands_alone_ = true;
    }
    for (const char* key : {"$id", "id"})
      if (const json::value* id = root->if_contains(key); id && id->is_string())
        document.base_ = std::string(id->get_string());
  }
  while (!document.base_.empty() && document.base_.back() == '#') document.base_.pop_back();
  document.find_names(*document.root_, 0);
  return document;
}

void SchemaDocument::find_names(const json::value& value, std::size_t depth) {
  if (depth > kSchemaDepthMax) return;
  if (const json::array* array = value.if_array())
    for (const json::value& item : *array) find_names(item, depth + 1);
  const json::object* object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    const std::string_view key = member.key();
    if (member.value().is_string()) {
      const std::string_view name = member.value().get_string();
      if (key == "$anchor") names_.emplace("#" + std::string(name), &value);
      if (key == "$id" || key == "id") names_.emplace(std::string(name), &value);
    }
    // What stands in enum and const is data.
    if (key != "enum" && key != "const") find_names(member.value(), depth + 1);
  }
}

SchemaId SchemaDocument::id_of(const json::value& schema) {
  const auto [at, is_new] = ids_.emplace(&schema, static_cast<SchemaId>(schemas_.size()));
  if (is_new) schemas_.push_back(&schema);
  return at->second;
}

SchemaId SchemaDocument::add(json::value schema) {
  owned_.push_back(std::move(schema));
  return id_of(owned_.back());
}

base::Result<SchemaId> SchemaDocument::resolve(std::string_view reference) {
  const std::string given(reference);
  if (const auto named = names_.find(given); named != names_.end()) return id_of(*named->second);
  if (!base_.empty() && reference.substr(0, base_.size()) == base_)
    reference.remove_prefix(base_.size());
  const json::value* at = root_;
  if (!reference.empty() && reference[0] != '#') {
    const std::size_t hash = reference.find('#');
    const auto named = names_.find(std::string(reference.substr(0, hash)));
    if (named == names_.end())
      return fail(Code::kUnsupported, "$ref to another document ({}) is not supported", given);
    at = named->second;
    reference = hash == std::string_view::npos ? std::string_view() : reference.substr(hash);
  }
  if (!reference.empty()) reference.remove_prefix(1);  // the #
  if (!reference.empty() && reference[0] != '/') {
    const auto named = names_.find("#" + std::string(reference));
    if (named == names_.end())
      return fail(Code::kInvalidArgument, "$ref {} leads to nothing", given);
    return id_of(*named->second);
  }
  while (!reference.empty()) {
    reference.remove_prefix(1);
    const std::size_t end = reference.find('/');
    at = child(*at, unescaped(reference.substr(0, end)));
    if (at == nullptr) return fail(Code::kInvalidArgument, "$ref {} leads to nothing", given);
    reference = end == std::string_view::npos ? std::string_view() : reference.substr(end);
  }
  return id_of(*at);
}

}  // namespace nearside::grammar
