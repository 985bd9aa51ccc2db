#include "trust/tpm_quote.h"

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

constexpr unsigned kPcrCount = 24;
constexpr std::size_t kSecretBytesMax = 32;

/// The policy of every endorsement key: PolicySecret(endorsement hierarchy). Profile B.3.4.
constexpr std::array<BYTE, 32> kEndorsementPolicy = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24,
    0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA};

struct Primary {
  TpmObject object;
  TpmOwned<TPM2B_PUBLIC> description;
};

base::Result<Primary> create_primary(const Tpm& tpm, ESYS_TR hierarchy, const TPMT_PUBLIC& area,
                                     std::string_view what) {
  TPM2B_PUBLIC wanted{};
  wanted.publicArea = area;
  const TPM2B_SENSITIVE_CREATE no_secret{};
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  ESYS_TR made = ESYS_TR_NONE;
  TPM2B_PUBLIC* description = nullptr;
  TRY(tpm_status(Esys_CreatePrimary(tpm.esys(), hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_secret, &wanted, &no_data, &no_registers,
                                    &made, &description, nullptr, nullptr, nullptr),
                 what));
  return Primary{TpmObject(tpm.esys(), made), TpmOwned<TPM2B_PUBLIC>(description)};
}

base::Result<Primary> create_attestation_key(const Tpm& tpm) {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM |
                          TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  area.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  return create_primary(tpm, ESYS_TR_RH_OWNER, area, "make its attestation key");
}

/// Template L-2 of the profile: ECC P-256.
base::Result<Primary> create_endorsement_key(const Tpm& tpm) {
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                          TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                          TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  area.authPolicy.size = static_cast<UINT16>(kEndorsementPolicy.size());
  std::copy(kEndorsementPolicy.begin(), kEndorsementPolicy.end(), area.authPolicy.buffer);
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_AES;
  area.parameters.eccDetail.symmetric.keyBits.aes = 128;
  area.parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CFB;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  area.unique.ecc.x.size = 32;
  area.unique.ecc.y.size = 32;
  return create_primary(tpm, ESYS_TR_RH_ENDORSEMENT, area, "make its endorsement key");
}

/// Bytes of anything that libtss2-mu marshals.
template <typename T, typename Marshal>
std::string marshalled(const T& value, Marshal marshal) {
  std::array<BYTE, sizeof(T) + 64> buffer{};
  std::size_t used = 0;
  CHECK(marshal(&value, buffer.data(), buffer.size(), &used) == TSS2_RC_SUCCESS);
  return {reinterpret_cast<const char*>(buffer.data()), used};
}

template <typename T, typename Unmarshal>
base::Result<T> unmarshalled(std::string_view bytes, Unmarshal unmarshal, std::string_view what) {
  T value{};
  std::size_t at = 0;
  if (unmarshal(reinterpret_cast<const BYTE*>(bytes.data()), bytes.size(), &at, &value) !=
          TSS2_RC_SUCCESS ||
      at != bytes.size())
    return fail(Code::kCorrupt, "{} cannot be read", what);
  return value;
}

}  // namespace

base::Result<TpmAttestationKey> tpm_attestation_key(const Tpm& tpm) {
  const Primary primary = TRY(create_attestation_key(tpm));
  const TPMT_PUBLIC& area = primary.description->publicArea;
  PublicKey key = TRY(public_key_of(area));
  std::string public_area = marshalled(area, Tss2_MU_TPMT_PUBLIC_Marshal);
  const Sha256 digest = sha256(public_area);
  std::string name("\x00\x0b", 2);  // SHA-256
  name.append(digest.begin(), digest.end());
  return TpmAttestationKey{std::move(public_area), std::move(name), std::move(key)};
}

base::Result<TpmQuoted> tpm_quote(Tpm& tpm, const PcrIndexes& pcrs, std::string_view nonce) {
  TPM2B_DATA qualifying{};
  if (nonce.size() > 32) return fail(Code::kInvalidArgument, "a nonce has at most 32 bytes");
  qualifying.size = static_cast<UINT16>(nonce.size());
  std::copy(nonce.begin(), nonce.end(), qualifying.buffer);
  TRY(tpm.pcr_digest(pcrs));  // checks the indexes
  const Primary key = TRY(create_attestation_key(tpm));
  TPMT_SIG_SCHEME own{};
  own.scheme = TPM2_ALG_NULL;  // the key's own
  const TPML_PCR_SELECTION selection = pcr_selection(pcrs);
  TPM2B_ATTEST* message = nullptr;
  TPMT_SIGNATURE* signature = nullptr;
  TRY(tpm_status(Esys_Quote(tpm.esys(), key.object.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, &qualifying, &own, &selection, &message, &signature),
                 "quote its registers"));
  const TpmOwned<TPM2B_ATTEST> owned_message(message);
  const TpmOwned<TPMT_SIGNATURE> owned_signature(signature);
  TpmQuoted quoted;
  quoted.message.assign(reinterpret_cast<const char*>(message->attestationData), message->size);
  quoted.signature = marshalled(*signature, Tss2_MU_TPMT_SIGNATURE_Marshal);
  for (unsigned index = 0; index < kPcrCount; ++index)
    quoted.pcrs.push_back(TRY(tpm.read_pcr(index)));
  return quoted;
}

base::Result<std::string> tpm_endorsement_key(const Tpm& tpm) {
  const Primary primary = TRY(create_endorsement_key(tpm));
  return marshalled(*primary.description, Tss2_MU_TPM2B_PUBLIC_Marshal);
}

base::Result<TpmCredential> tpm_make_credential(const Tpm& tpm, const std::string& endorsement_key,
                                                const std::string& attestation_key_name,
                                                const SecretBytes& secret) {
  if (secret.bytes().size() > kSecretBytesMax || attestation_key_name.size() != 34)
    return fail(Code::kInvalidArgument, "a credential holds at most 32 bytes for a SHA-256 name");
  const TPM2B_PUBLIC description = TRY(unmarshalled<TPM2B_PUBLIC>(
      endorsement_key, Tss2_MU_TPM2B_PUBLIC_Unmarshal, "the endorsement key"));
  ESYS_TR loaded = ESYS_TR_NONE;
  TRY(tpm_status(Esys_LoadExternal(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                                   &description, ESYS_TR_RH_NULL, &loaded),
                 "take the endorsement key"));
  const TpmObject key(tpm.esys(), loaded);
  TPM2B_DIGEST credential{};
  credential.size = static_cast<UINT16>(secret.bytes().size());
  std::memcpy(credential.buffer, secret.bytes().data(), secret.bytes().size());
  TPM2B_NAME name{};
  name.size = static_cast<UINT16>(attestation_key_name.size());
  std::copy(attestation_key_name.begin(), attestation_key_name.end(), name.name);
  TPM2B_ID_OBJECT* blob = nullptr;
  TPM2B_ENCRYPTED_SECRET* encrypted = nullptr;
  const TSS2_RC code = Esys_MakeCredential(tpm.esys(), key.get(), ESYS_TR_NONE, ESYS_TR_NONE,
                                           ESYS_TR_NONE, &credential, &name, &blob, &encrypted);
  wipe(std::as_writable_bytes(std::span(&credential, 1)));
  TRY(tpm_status(code, "make a credential"));
  const TpmOwned<TPM2B_ID_OBJECT> owned_blob(blob);
  const TpmOwned<TPM2B_ENCRYPTED_SECRET> owned_secret(encrypted);
  return TpmCredential{marshalled(*blob, Tss2_MU_TPM2B_ID_OBJECT_Marshal),
                       marshalled(*encrypted, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Marshal)};
}

base::Result<SecretBytes> tpm_activate_credential(const Tpm& tpm, const TpmCredential& credential) {
  const TPM2B_ID_OBJECT blob = TRY(unmarshalled<TPM2B_ID_OBJECT>(
      credential.blob, Tss2_MU_TPM2B_ID_OBJECT_Unmarshal, "the credential"));
  const TPM2B_ENCRYPTED_SECRET encrypted = TRY(unmarshalled<TPM2B_ENCRYPTED_SECRET>(
      credential.secret, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal, "the credential's secret"));
  const Primary attestation = TRY(create_attestation_key(tpm));
  const Primary endorsement = TRY(create_endorsement_key(tpm));
  TPMT_SYM_DEF none{};
  none.algorithm = TPM2_ALG_NULL;
  ESYS_TR started = ESYS_TR_NONE;
  TRY(tpm_status(Esys_StartAuthSession(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY, &none,
                                       TPM2_ALG_SHA256, &started),
                 "start a session"));
  const TpmObject session(tpm.esys(), started);
  TRY(tpm_status(
      Esys_PolicySecret(tpm.esys(), ESYS_TR_RH_ENDORSEMENT, session.get(), ESYS_TR_PASSWORD,
                        ESYS_TR_NONE, ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, nullptr, nullptr),
      "authorise its endorsement key"));
  TPM2B_DIGEST* secret = nullptr;
  const base::Status status =
      tpm_status(Esys_ActivateCredential(tpm.esys(), attestation.object.get(),
                                         endorsement.object.get(), ESYS_TR_PASSWORD, session.get(),
                                         ESYS_TR_NONE, &blob, &encrypted, &secret),
                 "open the credential (was it made for another TPM or key?)");
  if (!status) return fail(Code::kPermission, "{}", status.error().message);
  const TpmOwned<TPM2B_DIGEST> owned(secret);
  base::Result<SecretBytes> result =
      SecretBytes::copy_of(std::as_bytes(std::span(secret->buffer, secret->size)));
  wipe(std::as_writable_bytes(std::span(secret, 1)));
  return result;
}

}  // namespace nearside::trust
