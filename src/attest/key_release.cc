#include "attest/key_release.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/json.h"
#include "trust/encoding.h"
#include "trust/key_derivation.h"
#include "trust/sha256.h"

namespace nearside::attest {

using base::Code;
using base::fail;
using base::Result;
namespace json = base::json;

namespace {

constexpr std::size_t kNonceBytes = 32;
constexpr std::string_view kPurpose = "nearside key release 1";

/// A message's member, decoded.
Result<std::string> text_of(const json::object& message, std::string_view name,
                            std::size_t bytes_max) {
  const json::value* value = message.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().size() > bytes_max)
    return fail(Code::kCorrupt, "the message lacks `{}`", name);
  return std::string(value->get_string());
}
Result<std::string> bytes_of(const json::object& message, std::string_view name,
                             std::size_t bytes_max) {
  const std::string text = TRY(text_of(message, name, 2 * bytes_max));
  return trust::from_strict_base64(text);
}

Result<json::object> parse_message(std::string_view text, std::string_view kind) {
  if (text.size() > kReleaseMessageBytesMax)
    return fail(Code::kCorrupt, "a message of a key release has at most {} bytes",
                kReleaseMessageBytesMax);
  json::value document = TRY(base::parse_json(text, 8));
  if (!document.is_object()) return fail(Code::kCorrupt, "the message is no JSON object");
  const std::string found = TRY(text_of(document.get_object(), "message", 64));
  if (found != kind)
    return fail(Code::kCorrupt, "the message is no {} of a key release, version 1", kind);
  return std::move(document.get_object());
}

std::string as_text(const trust::Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// What evidence must be made for. Each part with its length, so that no two exchanges are alike.
std::string report_data(std::string_view nonce, std::string_view key_name,
                        std::string_view machine_public) {
  return as_text(trust::sha256(fmt::format("{}\nattestation\n{} {} {}\n{}{}{}", kPurpose,
                                           nonce.size(), key_name.size(), machine_public.size(),
                                           nonce, key_name, machine_public)));
}

/// What the wrapped key is bound to: the whole exchange.
std::string bound(std::string_view nonce, std::string_view key_name,
                  std::string_view machine_public, std::string_view releaser_public) {
  return report_data(nonce, key_name, machine_public) + std::string(releaser_public);
}

std::string random_nonce() {
  // A fresh public key is 255 random bits; its hash is a nonce, and needs no other source.
  return as_text(trust::sha256(trust::EphemeralKey::generate().public_bytes()));
}

}  // namespace

std::string KeyRequest::request() const {
  return json::serialize(json::object{{"message", "request/1"}, {"key", key_name_}});
}

Result<std::string> KeyRequest::attestation(std::string_view challenge, const Attester& attester) {
  const json::object message = TRY(parse_message(challenge, "challenge/1"));
  const std::string key_name = TRY(text_of(message, "key", kKeyNameBytesMax));
  const std::string nonce = TRY(bytes_of(message, "nonce", kNonceBytes));
  if (key_name != key_name_ || nonce.size() != kNonceBytes)
    return fail(Code::kCorrupt, "the challenge is not for the key '{}'", key_name_);
  const std::string own = ephemeral_.public_bytes();
  const Evidence evidence = TRY(attester(report_data(nonce, key_name_, own)));
  nonce_ = nonce;
  return json::serialize(json::object{{"message", "attestation/1"},
                                      {"nonce", base::base64_encode(nonce)},
                                      {"ephemeral", base::base64_encode(own)},
                                      {"evidence", to_json(evidence)}});
}

Result<trust::SecretBytes> KeyRequest::open(std::string_view response) const {
  const json::object message = TRY(parse_message(response, "response/1"));
  const std::string releaser = TRY(bytes_of(message, "ephemeral", trust::kEphemeralPublicBytes));
  const std::string wrapped = TRY(bytes_of(message, "wrapped", 4096));
  const std::string exchange = bound(nonce_, key_name_, ephemeral_.public_bytes(), releaser);
  const trust::SecretBytes key = TRY(ephemeral_.agree(releaser, kPurpose, exchange));
  return trust::unwrap_secret(wrapped, key, exchange);
}

KeyReleaser::KeyReleaser(ReleasePolicy policy, Keys keys, const base::Clock& clock,
                         ReleaserOptions options)
    : policy_(std::move(policy)), keys_(std::move(keys)), clock_(clock), options_(options) {}

Result<std::string> KeyReleaser::challenge(std::string_view request) {
  const json::object message = TRY(parse_message(request, "request/1"));
  const std::string key_name = TRY(text_of(message, "key", kKeyNameBytesMax));
  const std::string nonce = random_nonce();
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= options_.waiting_max)
      waiting_.erase(std::min_element(
          waiting_.begin(), waiting_.end(),
          [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
    waiting_[nonce] = {key_name, clock_.steady()};
  }
  return json::serialize(json::object{
      {"message", "challenge/1"}, {"key", key_name}, {"nonce", base::base64_encode(nonce)}});
}

Result<std::string> KeyReleaser::take_nonce(const std::string& nonce) {
  const std::scoped_lock lock(mutex_);
  const auto found = waiting_.find(nonce);
  if (found == waiting_.end())
    return fail(Code::kPermission, "the challenge was not this releaser's, or was answered before");
  const Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  if (clock_.steady() - waiting.since > options_.patience)
    return fail(Code::kPermission, "the challenge was answered after {} s, which is too late",
                options_.patience.count());
  return waiting.key_name;
}

Result<Released> KeyReleaser::release(std::string_view attestation) {
  const json::object message = TRY(parse_message(attestation, "attestation/1"));
  const std::string nonce = TRY(bytes_of(message, "nonce", kNonceBytes));
  const std::string machine = TRY(bytes_of(message, "ephemeral", trust::kEphemeralPublicBytes));
  const std::string evidence_text = TRY(text_of(message, "evidence", kEvidenceBytesMax));
  const std::string key_name = TRY(take_nonce(nonce));
  const Evidence evidence = TRY(parse_evidence(evidence_text));
  const auto unix_s =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
  const Admitted admitted =
      TRY(check_evidence(policy_, evidence, report_data(nonce, key_name, machine), unix_s));
  const trust::SecretBytes secret = TRY(keys_(key_name));
  const trust::EphemeralKey own = trust::EphemeralKey::generate();
  const std::string exchange = bound(nonce, key_name, machine, own.public_bytes());
  const trust::SecretBytes key = TRY(own.agree(machine, kPurpose, exchange));
  return Released{json::serialize(json::object{
                      {"message", "response/1"},
                      {"ephemeral", base::base64_encode(own.public_bytes())},
                      {"wrapped", base::base64_encode(trust::wrap_secret(secret, key, exchange))}}),
                  key_name, admitted};
}

}  // namespace nearside::attest
