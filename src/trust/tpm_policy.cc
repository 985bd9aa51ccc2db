#include "trust/tpm_policy.h"

#include <algorithm>
#include <array>
#include <optional>

#include <tss2/tss2_mu.h>

#include "base/base64.h"
#include "base/check.h"
#include "trust/encoding.h"
#include "trust/hash.h"
#include "trust/tpm_counter.h"
#include "trust/tpm_handle.h"
#include "trust/tpm_key.h"

namespace nearside::trust {

using base::Code;
using base::fail;
namespace json = base::json;

namespace {

/// Big-endian, as the TPM marshals.
template <typename T>
std::string marshalled(T value) {
  std::string bytes;
  for (std::size_t i = sizeof(T); i-- > 0;) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string text_of(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// What extending a policy by a command does.
Sha256 extended(const Sha256& policy, TPM2_CC command, const std::string& arguments) {
  return sha256(text_of(policy) + marshalled<std::uint32_t>(command) + arguments);
}

std::string counter_name(std::uint32_t handle) {
  const TPMS_NV_PUBLIC area = counter_public(handle, true);
  std::array<BYTE, sizeof(TPMS_NV_PUBLIC) + 64> buffer{};
  std::size_t used = 0;
  CHECK(Tss2_MU_TPMS_NV_PUBLIC_Marshal(&area, buffer.data(), buffer.size(), &used) == 0);
  const std::string_view bytes(reinterpret_cast<const char*>(buffer.data()), used);
  return marshalled<std::uint16_t>(TPM2_ALG_SHA256) + text_of(sha256(bytes));
}

std::string selection_bytes(const PcrIndexes& indexes) {
  const TPML_PCR_SELECTION selection = pcr_selection(indexes);
  std::array<BYTE, sizeof(TPML_PCR_SELECTION)> buffer{};
  std::size_t used = 0;
  CHECK(Tss2_MU_TPML_PCR_SELECTION_Marshal(&selection, buffer.data(), buffer.size(), &used) == 0);
  return {reinterpret_cast<const char*>(buffer.data()), used};
}

base::Error corrupt(std::string_view what) {
  return fail(Code::kCorrupt, "a TPM state's {}", what);
}

std::optional<std::uint64_t> number_member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto value = found->to_number<std::uint64_t>(error);
  if (error) return std::nullopt;
  return value;
}

}  // namespace

Sha256 state_policy(const TpmState& state) {
  Sha256 policy =
      extended({}, TPM2_CC_PolicyPCR, selection_bytes(state.pcrs) + text_of(state.pcr_digest));
  const std::string comparison = marshalled(state.counter_max) +
                                 marshalled<std::uint16_t>(0) +  // offset
                                 marshalled<std::uint16_t>(TPM2_EO_UNSIGNED_LE);
  return extended(policy, TPM2_CC_PolicyNV,
                  text_of(sha256(comparison)) + counter_name(state.counter_handle));
}

Sha256 authority_policy(const PublicKey& authority) {
  const Sha256 named = extended({}, TPM2_CC_PolicyAuthorize, tpm_key_name(authority));
  return sha256(text_of(named));  // an empty policyRef
}

base::Result<TpmApproval> approve(const TpmState& state, const PrivateKey& authority) {
  if (authority.public_key().kind() != KeyKind::kP256)
    return fail(Code::kInvalidArgument, "the release authority's key must be on P-256");
  return TpmApproval{state, authority.sign(text_of(state_policy(state)))};
}

json::object encode_state(const TpmState& state) {
  return {{"pcrs", json::value_from(state.pcrs)},
          {"pcr_digest", to_hex(state.pcr_digest)},
          {"counter", state.counter_handle},
          {"counter_max", state.counter_max}};
}

base::Result<TpmState> parse_state(const json::value& value) {
  if (!value.is_object()) return corrupt("value must be an object");
  const json::object& object = value.get_object();
  TpmState state;
  const json::value* pcrs = object.if_contains("pcrs");
  if (pcrs == nullptr || !pcrs->is_array()) return corrupt("`pcrs` must be a list");
  state.pcrs.clear();
  for (const json::value& item : pcrs->get_array()) {
    boost::system::error_code error;
    const auto index = item.to_number<unsigned>(error);
    if (error || index > 23 || (!state.pcrs.empty() && index <= state.pcrs.back()))
      return corrupt("`pcrs` must be 0 to 23, ascending");
    state.pcrs.push_back(index);
  }
  if (state.pcrs.empty()) return corrupt("`pcrs` is empty");
  const json::value* digest = object.if_contains("pcr_digest");
  if (digest == nullptr || !digest->is_string()) return corrupt("`pcr_digest` must be a text");
  const std::string digest_bytes = TRY(from_hex(digest->get_string()));
  if (digest_bytes.size() != state.pcr_digest.size())
    return corrupt("`pcr_digest` must have 64 digits");
  std::copy(digest_bytes.begin(), digest_bytes.end(), state.pcr_digest.begin());
  const auto handle = number_member(object, "counter");
  const auto counter_max = number_member(object, "counter_max");
  if (!handle || *handle > 0xFFFFFFFF || !counter_max)
    return corrupt("`counter` and `counter_max` must be numbers");
  state.counter_handle = static_cast<std::uint32_t>(*handle);
  state.counter_max = *counter_max;
  return state;
}

json::object encode_approval(const TpmApproval& approval) {
  json::object object = encode_state(approval.state);
  object["signature"] = base::base64_encode(approval.signature);
  return object;
}

base::Result<TpmApproval> parse_approval(const json::value& value) {
  TpmApproval approval;
  approval.state = TRY(parse_state(value));
  const json::value* signature = value.get_object().if_contains("signature");
  if (signature == nullptr || !signature->is_string()) return corrupt("`signature` must be a text");
  approval.signature = TRY(from_strict_base64(signature->get_string()));
  return approval;
}

}  // namespace nearside::trust
