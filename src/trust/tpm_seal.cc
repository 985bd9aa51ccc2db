#include "trust/tpm_seal.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <tss2/tss2_mu.h>

#include "base/check.h"
#include "trust/tpm_handle.h"
#include "trust/tpm_key.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

TPM2B_DIGEST digest_of(const Sha256& digest) {
  TPM2B_DIGEST result{};
  result.size = static_cast<UINT16>(digest.size());
  std::copy(digest.begin(), digest.end(), result.buffer);
  return result;
}

base::Result<TpmObject> load_sealed(const Tpm& tpm, const TpmObject& parent,
                                    const TpmSealed& sealed) {
  TPM2B_PUBLIC public_area{};
  TPM2B_PRIVATE private_area{};
  std::size_t at = 0;
  const auto* bytes = reinterpret_cast<const BYTE*>(sealed.public_area.data());
  if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(bytes, sealed.public_area.size(), &at, &public_area) != 0 ||
      at != sealed.public_area.size())
    return fail(Code::kCorrupt, "the sealed key's public half cannot be read");
  at = 0;
  bytes = reinterpret_cast<const BYTE*>(sealed.private_area.data());
  if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(bytes, sealed.private_area.size(), &at, &private_area) != 0 ||
      at != sealed.private_area.size())
    return fail(Code::kCorrupt, "the sealed key's private half cannot be read");
  ESYS_TR loaded = ESYS_TR_NONE;
  TRY(tpm_status(Esys_Load(tpm.esys(), parent.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           &private_area, &public_area, &loaded),
                 "take the sealed key (was it sealed by another TPM?)"));
  return TpmObject(tpm.esys(), loaded);
}

/// What the TPM hands out for a signature that holds.
base::Result<TpmOwned<TPMT_TK_VERIFIED>> verify_approval(const Tpm& tpm,
                                                         const TpmApproval& approval,
                                                         const PublicKey& authority) {
  const TPMT_SIGNATURE signature = TRY(tpm_signature_of(approval.signature));
  const TPM2B_PUBLIC description = tpm_public_of(authority);
  ESYS_TR loaded = ESYS_TR_NONE;
  TRY(tpm_status(Esys_LoadExternal(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                                   &description, ESYS_TR_RH_OWNER, &loaded),
                 "take the authority's key"));
  const TpmObject key(tpm.esys(), loaded);
  const Sha256 policy = state_policy(approval.state);
  const TPM2B_DIGEST digest =
      digest_of(sha256({reinterpret_cast<const char*>(policy.data()), policy.size()}));
  TPMT_TK_VERIFIED* ticket = nullptr;
  TRY(tpm_status(Esys_VerifySignature(tpm.esys(), key.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                      ESYS_TR_NONE, &digest, &signature, &ticket),
                 "accept the approval's signature"));
  return TpmOwned<TPMT_TK_VERIFIED>(ticket);
}

/// Brings the session's policy to what the secret is bound to, if the machine is as approved.
base::Status satisfy(const Tpm& tpm, const TpmObject& session, const TpmApproval& approval,
                     const PublicKey& authority, const TPMT_TK_VERIFIED& ticket) {
  const TpmState& state = approval.state;
  const TPML_PCR_SELECTION selection = pcr_selection(state.pcrs);
  const TPM2B_DIGEST registers = digest_of(state.pcr_digest);
  TRY(tpm_status(Esys_PolicyPCR(tpm.esys(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                &registers, &selection),
                 "find the registers as approved"));
  const TpmReference counter = TRY(open_counter(tpm, state.counter_handle));
  TPM2B_OPERAND operand{};
  operand.size = sizeof state.counter_max;
  for (std::size_t i = 0; i < sizeof state.counter_max; ++i)
    operand.buffer[i] = static_cast<BYTE>(state.counter_max >> (56 - 8 * i));
  TRY(tpm_status(
      Esys_PolicyNV(tpm.esys(), counter.get(), counter.get(), session.get(), ESYS_TR_PASSWORD,
                    ESYS_TR_NONE, ESYS_TR_NONE, &operand, 0, TPM2_EO_UNSIGNED_LE),
      "accept so old a release (its counter has passed the approval)"));
  const TPM2B_DIGEST approved = digest_of(state_policy(state));
  const TPM2B_NONCE no_reference{};
  TPM2B_NAME name{};
  const std::string name_bytes = tpm_key_name(authority);
  name.size = static_cast<UINT16>(name_bytes.size());
  std::copy(name_bytes.begin(), name_bytes.end(), name.name);
  return tpm_status(Esys_PolicyAuthorize(tpm.esys(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                         ESYS_TR_NONE, &approved, &no_reference, &name, &ticket),
                    "find the machine in the approved state");
}

}  // namespace

base::Result<TpmSealed> tpm_seal(const Tpm& tpm, const SecretBytes& secret,
                                 const PublicKey& authority) {
  if (authority.kind() != KeyKind::kP256)
    return fail(Code::kInvalidArgument, "the release authority's key must be on P-256");
  TPM2B_SENSITIVE_CREATE sensitive{};
  if (secret.bytes().size() > TPM2_MAX_SYM_DATA)
    return fail(Code::kInvalidArgument, "a TPM seals at most {} bytes", TPM2_MAX_SYM_DATA);
  const TpmObject parent = TRY(create_storage_key(tpm));
  const TpmObject session = TRY(start_policy_session(tpm, parent.get()));
  TPM2B_PUBLIC wanted{};
  TPMT_PUBLIC& area = wanted.publicArea;
  area.type = TPM2_ALG_KEYEDHASH;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                          TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_NODA;
  area.authPolicy = digest_of(authority_policy(authority));
  area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  TPM2B_PRIVATE* private_area = nullptr;
  TPM2B_PUBLIC* public_area = nullptr;
  sensitive.sensitive.data.size = static_cast<UINT16>(secret.bytes().size());
  std::memcpy(sensitive.sensitive.data.buffer, secret.bytes().data(), secret.bytes().size());
  const TSS2_RC code = Esys_Create(tpm.esys(), parent.get(), ESYS_TR_PASSWORD, session.get(),
                                   ESYS_TR_NONE, &sensitive, &wanted, &no_data, &no_registers,
                                   &private_area, &public_area, nullptr, nullptr, nullptr);
  wipe(std::as_writable_bytes(std::span(&sensitive, 1)));
  TRY(tpm_status(code, "seal the key"));
  const TpmOwned<TPM2B_PRIVATE> owned_private(private_area);
  const TpmOwned<TPM2B_PUBLIC> owned_public(public_area);
  std::array<BYTE, sizeof(TPM2B_PRIVATE) + sizeof(TPM2B_PUBLIC)> buffer{};
  std::size_t used = 0;
  TpmSealed sealed;
  CHECK(Tss2_MU_TPM2B_PUBLIC_Marshal(public_area, buffer.data(), buffer.size(), &used) == 0);
  sealed.public_area.assign(reinterpret_cast<const char*>(buffer.data()), used);
  used = 0;
  CHECK(Tss2_MU_TPM2B_PRIVATE_Marshal(private_area, buffer.data(), buffer.size(), &used) == 0);
  sealed.private_area.assign(reinterpret_cast<const char*>(buffer.data()), used);
  return sealed;
}

base::Result<SecretBytes> tpm_unseal(const Tpm& tpm, const TpmSealed& sealed,
                                     const TpmApproval& approval, const PublicKey& authority) {
  if (authority.kind() != KeyKind::kP256)
    return fail(Code::kInvalidArgument, "the release authority's key must be on P-256");
  const TpmOwned<TPMT_TK_VERIFIED> ticket = TRY(verify_approval(tpm, approval, authority));
  const TpmObject parent = TRY(create_storage_key(tpm));
  const TpmObject object = TRY(load_sealed(tpm, parent, sealed));
  const TpmObject session = TRY(start_policy_session(tpm, parent.get()));
  TRY(satisfy(tpm, session, approval, authority, *ticket));
  TPM2B_SENSITIVE_DATA* data = nullptr;
  TRY(tpm_status(
      Esys_Unseal(tpm.esys(), object.get(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &data),
      "give the key out"));
  const TpmOwned<TPM2B_SENSITIVE_DATA> owned(data);
  base::Result<SecretBytes> secret =
      SecretBytes::copy_of(std::as_bytes(std::span(data->buffer, data->size)));
  wipe(std::as_writable_bytes(std::span(data, 1)));
  return secret;
}

}  // namespace nearside::trust
