#include "trust/key_envelope.h"

#include <algorithm>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "trust/encoding.h"
#include "trust/key_derivation.h"
#include "trust/key_file.h"
#include "trust/tpm_seal.h"

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

/// What both kinds of envelope have.
struct Parsed {
  json::object members;
  FileId file_id{};
  std::string protection;
};

base::Result<Parsed> parse(std::string_view text) {
  const json::value document = TRY(base::parse_json(text, 8));
  if (!document.is_object()) return fail(Code::kCorrupt, "it must be an object");
  Parsed parsed;
  parsed.members = document.get_object();
  const std::string format = TRY(text_member(parsed.members, "format"));
  if (format != kFormat) return fail(Code::kUnsupported, "its format is {}", format);
  const std::string id_text = TRY(text_member(parsed.members, "file_id"));
  const std::string id = TRY(from_hex(id_text));
  if (id.size() != parsed.file_id.size())
    return fail(Code::kCorrupt, "`file_id` must have 32 digits");
  std::copy(id.begin(), id.end(), parsed.file_id.begin());
  parsed.protection = TRY(text_member(parsed.members, "protection"));
  return parsed;
}

base::Result<std::string> bytes_member(const json::object& object, std::string_view name) {
  const std::string text = TRY(text_member(object, name));
  return from_strict_base64(text);
}

base::Result<OpenedEnvelope> open_by_key_file(const Parsed& envelope, const KeySource& source) {
  if (source.key_file.empty())
    return fail(Code::kInvalidArgument, "it is wrapped by a key file, and none is given");
  const std::string wrapped = TRY(bytes_member(envelope.members, "wrapped"));
  const SecretBytes key = TRY(read_key_file(source.key_file));
  SecretBytes data_key = TRY(unwrap_secret(wrapped, key, bound_to(envelope.file_id)));
  return OpenedEnvelope{envelope.file_id, std::move(data_key), "key file (weaker)"};
}

/// The TPM seals data key and file id together, so that the envelope cannot be given another id.
base::Result<OpenedEnvelope> open_by_tpm(const Parsed& envelope, const KeySource& source) {
  if (source.tpm.empty())
    return fail(Code::kInvalidArgument, "it is wrapped by a TPM, and none is named");
  TpmSealed sealed;
  sealed.public_area = TRY(bytes_member(envelope.members, "public"));
  sealed.private_area = TRY(bytes_member(envelope.members, "private"));
  const std::string authority_der = TRY(bytes_member(envelope.members, "authority"));
  const PublicKey authority = TRY(PublicKey::from_der(authority_der));
  const json::value* approval_value = envelope.members.if_contains("approval");
  if (approval_value == nullptr) return fail(Code::kCorrupt, "it has no approval");
  const TpmApproval approval = TRY(parse_approval(*approval_value));
  const Tpm tpm = TRY(Tpm::open(source.tpm));
  const SecretBytes secret = TRY(tpm_unseal(tpm, sealed, approval, authority));
  if (secret.bytes().size() != kDataKeyBytes + envelope.file_id.size() ||
      !std::ranges::equal(secret.bytes().subspan(kDataKeyBytes),
                          std::as_bytes(std::span(envelope.file_id))))
    return fail(Code::kPermission, "it was made for another file");
  SecretBytes data_key = TRY(SecretBytes::copy_of(secret.bytes().first(kDataKeyBytes)));
  return OpenedEnvelope{envelope.file_id, std::move(data_key), "TPM"};
}

base::Result<OpenedEnvelope> open_text(std::string_view text, const KeySource& source) {
  const Parsed envelope = TRY(parse(text));
  if (envelope.protection == "key-file") return open_by_key_file(envelope, source);
  if (envelope.protection == "tpm2") return open_by_tpm(envelope, source);
  return fail(Code::kUnsupported, "its key is protected by {}", envelope.protection);
}

}  // namespace

base::Result<std::string> wrap_by_key_file(const SecretBytes& data_key, const FileId& file_id,
                                           const std::string& key_file) {
  const SecretBytes key = TRY(read_key_file(key_file));
  const std::string wrapped = wrap_secret(data_key, key, bound_to(file_id));
  return json::serialize(json::object{{"format", kFormat},
                                      {"file_id", to_hex(file_id)},
                                      {"protection", "key-file"},
                                      {"wrapped", base::base64_encode(wrapped)}});
}

base::Result<std::string> wrap_by_tpm(const Tpm& tpm, const SecretBytes& data_key,
                                      const FileId& file_id, const PublicKey& authority,
                                      const TpmApproval& approval) {
  SecretBytes both = TRY(SecretBytes::create(data_key.bytes().size() + file_id.size()));
  std::ranges::copy(data_key.bytes(), both.bytes().begin());
  std::ranges::copy(std::as_bytes(std::span(file_id)),
                    both.bytes().begin() + static_cast<std::ptrdiff_t>(data_key.bytes().size()));
  const TpmSealed sealed = TRY(tpm_seal(tpm, both, authority));
  return json::serialize(json::object{{"format", kFormat},
                                      {"file_id", to_hex(file_id)},
                                      {"protection", "tpm2"},
                                      {"public", base::base64_encode(sealed.public_area)},
                                      {"private", base::base64_encode(sealed.private_area)},
                                      {"authority", base::base64_encode(authority.der())},
                                      {"approval", encode_approval(approval)}});
}

base::Result<std::string> with_approval(std::string_view text, const TpmApproval& approval) {
  Parsed envelope = TRY(parse(text));
  if (envelope.protection != "tpm2")
    return fail(Code::kInvalidArgument, "only keys wrapped by a TPM open by approval");
  envelope.members["approval"] = encode_approval(approval);
  return json::serialize(envelope.members);
}

base::Result<OpenedEnvelope> open_envelope(const KeySource& source) {
  const std::string text = TRY(base::read_file(source.envelope_file, kEnvelopeBytesMax));
  base::Result<OpenedEnvelope> opened = open_text(text, source);
  if (!opened)
    return std::move(opened).error().with_context("key envelope " + source.envelope_file);
  return opened;
}

}  // namespace nearside::trust
