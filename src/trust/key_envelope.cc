#include "trust/key_envelope.h"

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "trust/encoding.h"
#include "trust/key_derivation.h"
#include "trust/key_file.h"

namespace nearside::trust {

using base::Code;
using base::fail;
namespace json = base::json;

namespace {

constexpr std::string_view kFormat = "nearside-key-envelope-1";
constexpr std::size_t kEnvelopeBytesMax = 64U << 10;

/// What an envelope is bound to: it does not open another file's.
std::string bound_to(const FileId& file_id) { return std::string(kFormat) + " " + to_hex(file_id); }

base::Result<std::string> text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string())
    return fail(Code::kCorrupt, "`{}` must be a text", name);
  return std::string(value->get_string());
}

base::Result<OpenedEnvelope> open_text(std::string_view text, const KeySource& source) {
  const json::value document = TRY(base::parse_json(text, 8));
  if (!document.is_object()) return fail(Code::kCorrupt, "it must be an object");
  const json::object& envelope = document.get_object();
  const std::string format = TRY(text_member(envelope, "format"));
  if (format != kFormat) return fail(Code::kUnsupported, "its format is {}", format);
  const std::string id_text = TRY(text_member(envelope, "file_id"));
  const std::string id = TRY(from_hex(id_text));
  FileId file_id{};
  if (id.size() != file_id.size()) return fail(Code::kCorrupt, "`file_id` must have 32 digits");
  std::copy(id.begin(), id.end(), file_id.begin());
  const std::string protection = TRY(text_member(envelope, "protection"));
  if (protection != "key-file")
    return fail(Code::kUnsupported, "its key is protected by {}", protection);
  if (source.key_file.empty())
    return fail(Code::kInvalidArgument, "it is wrapped by a key file, and none is given");
  const std::string wrapped_text = TRY(text_member(envelope, "wrapped"));
  const std::string wrapped = TRY(from_base64(wrapped_text));
  const SecretBytes key = TRY(read_key_file(source.key_file));
  SecretBytes data_key = TRY(unwrap_secret(wrapped, key, bound_to(file_id)));
  return OpenedEnvelope{file_id, std::move(data_key), "key file (weaker)"};
}

}  // namespace

base::Result<std::string> wrap_by_key_file(const SecretBytes& data_key, const FileId& file_id,
                                           const std::string& key_file) {
  const SecretBytes key = TRY(read_key_file(key_file));
  const std::string wrapped = wrap_secret(data_key, key, bound_to(file_id));
  return json::serialize(json::object{{"format", kFormat},
                                      {"file_id", to_hex(file_id)},
                                      {"protection", "key-file"},
                                      {"wrapped", to_base64(wrapped)}});
}

base::Result<OpenedEnvelope> open_envelope(const KeySource& source) {
  const std::string text = TRY(base::read_file(source.envelope_file, kEnvelopeBytesMax));
  base::Result<OpenedEnvelope> opened = open_text(text, source);
  if (!opened)
    return std::move(opened).error().with_context("key envelope " + source.envelope_file);
  return opened;
}

}  // namespace nearside::trust
