#include "trust/tpm.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "trust/hash.h"
#include "trust/tpm_counter.h"
#include "trust/tpm_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

constexpr unsigned kPcrCount = 24;
constexpr std::uint32_t kCounterFirst = 0x01500000;
constexpr std::uint32_t kCounterLast = 0x017fffff;

base::Status check_indexes(const PcrIndexes& indexes) {
  const bool ascending =
      std::adjacent_find(indexes.begin(), indexes.end(), std::greater_equal<>()) == indexes.end();
  if (indexes.empty() || !ascending || indexes.back() >= kPcrCount)
    return fail(Code::kInvalidArgument, "PCRs are 0 to {}, ascending, at least one", kPcrCount - 1);
  return {};
}

base::Status check_counter(std::uint32_t handle) {
  if (handle >= kCounterFirst && handle <= kCounterLast) return {};
  return fail(Code::kInvalidArgument, "a counter's handle is 0x{:08x} to 0x{:08x}", kCounterFirst,
              kCounterLast);
}

}  // namespace

base::Status tpm_status(TSS2_RC code, std::string_view what) {
  if (code == TSS2_RC_SUCCESS) return {};
  // The TPM's own answers, without the number of the parameter or session that they are about.
  const bool from_tpm = (code & TSS2_RC_LAYER_MASK) == 0;
  const TSS2_RC plain = (code & TPM2_RC_FMT1) != 0 ? code & (TPM2_RC_FMT1 | 0x3FU) : code;
  const bool refused = from_tpm && (plain == TPM2_RC_POLICY_FAIL || plain == TPM2_RC_AUTH_FAIL ||
                                    plain == TPM2_RC_SIGNATURE || plain == TPM2_RC_VALUE ||
                                    plain == TPM2_RC_TICKET || plain == TPM2_RC_INTEGRITY ||
                                    code == TPM2_RC_POLICY || code == TPM2_RC_PCR_CHANGED);
  return fail(refused ? Code::kPermission : Code::kIo, "the TPM did not {}: {}", what,
              Tss2_RC_Decode(code));
}

void Tpm::Close::operator()(ESYS_CONTEXT* context) const {
  TSS2_TCTI_CONTEXT* tcti = nullptr;
  Esys_GetTcti(context, &tcti);
  Esys_Finalize(&context);
  if (tcti != nullptr) Tss2_TctiLdr_Finalize(&tcti);
}

base::Result<Tpm> Tpm::open(const std::string& tcti) {
  // The library prints every answer of the TPM to standard error unless told not to, and takes the
  // wish from the environment only. An owner who set it keeps theirs.
  ::setenv("TSS2_LOG", "all+NONE", 0);
  TSS2_TCTI_CONTEXT* connection = nullptr;
  if (const TSS2_RC code = Tss2_TctiLdr_Initialize(tcti.c_str(), &connection);
      code != TSS2_RC_SUCCESS)
    return fail(Code::kNotFound, "there is no TPM at {} (device:/dev/tpmrm0 is usual): {}", tcti,
                Tss2_RC_Decode(code));
  ESYS_CONTEXT* context = nullptr;
  if (const TSS2_RC code = Esys_Initialize(&context, connection, nullptr);
      code != TSS2_RC_SUCCESS) {
    Tss2_TctiLdr_Finalize(&connection);
    return fail(Code::kNotFound, "the TPM at {} does not answer: {}", tcti, Tss2_RC_Decode(code));
  }
  return Tpm(context);
}

TPML_PCR_SELECTION pcr_selection(const PcrIndexes& indexes) {
  TPML_PCR_SELECTION selection{};
  selection.count = 1;
  selection.pcrSelections[0].hash = TPM2_ALG_SHA256;
  selection.pcrSelections[0].sizeofSelect = 3;
  for (const unsigned index : indexes)
    selection.pcrSelections[0].pcrSelect[index / 8] |= static_cast<BYTE>(1U << (index % 8));
  return selection;
}

base::Result<Sha256> Tpm::read_pcr(unsigned index) {
  TRY(check_indexes({index}));
  const TPML_PCR_SELECTION selection = pcr_selection({index});
  TPML_DIGEST* values = nullptr;
  TRY(tpm_status(Esys_PCR_Read(esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection,
                               nullptr, nullptr, &values),
                 "read a register"));
  const TpmOwned<TPML_DIGEST> owned(values);
  Sha256 value{};
  if (values->count != 1 || values->digests[0].size != value.size())
    return fail(Code::kIo, "the TPM has no SHA-256 register {}", index);
  std::copy_n(values->digests[0].buffer, value.size(), value.begin());
  return value;
}

base::Result<Sha256> Tpm::pcr_digest(const PcrIndexes& indexes) {
  TRY(check_indexes(indexes));
  Sha256Stream stream;
  // One at a time: a TPM returns as many as it likes of a longer list.
  for (const unsigned index : indexes) {
    const Sha256 value = TRY(read_pcr(index));
    stream.update(std::as_bytes(std::span(value)));
  }
  return stream.finish();
}

base::Status Tpm::extend_pcr(unsigned index, const Sha256& digest) {
  TRY(check_indexes({index}));
  TPML_DIGEST_VALUES values{};
  values.count = 1;
  values.digests[0].hashAlg = TPM2_ALG_SHA256;
  std::copy(digest.begin(), digest.end(), values.digests[0].digest.sha256);
  return tpm_status(Esys_PCR_Extend(esys(), ESYS_TR_PCR0 + index, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &values),
                    "extend a register");
}

base::Result<TpmReference> open_counter(const Tpm& tpm, std::uint32_t handle) {
  TRY(check_counter(handle));
  ESYS_TR found = ESYS_TR_NONE;
  TRY(tpm_status(
      Esys_TR_FromTPMPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found),
      "find the counter"));
  return TpmReference(tpm.esys(), found);
}

base::Result<std::uint64_t> Tpm::create_counter(std::uint32_t handle) {
  TRY(check_counter(handle));
  TPM2B_NV_PUBLIC description{};
  description.nvPublic = counter_public(handle, false);
  const TPM2B_AUTH no_password{};
  ESYS_TR made = ESYS_TR_NONE;
  const TSS2_RC code = Esys_NV_DefineSpace(esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                           ESYS_TR_NONE, &no_password, &description, &made);
  if (code == TPM2_RC_NV_DEFINED)
    return fail(Code::kInvalidArgument, "the TPM has a counter 0x{:08x} already", handle);
  TRY(tpm_status(code, "make a counter"));
  const TpmReference reference(esys(), made);
  TRY(increment_counter(handle));  // it has no value before
  return read_counter(handle);
}

base::Result<std::uint64_t> Tpm::read_counter(std::uint32_t handle) {
  const TpmReference counter = TRY(open_counter(*this, handle));
  TPM2B_MAX_NV_BUFFER* data = nullptr;
  TRY(tpm_status(Esys_NV_Read(esys(), counter.get(), counter.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                              ESYS_TR_NONE, kCounterBytes, 0, &data),
                 "read the counter"));
  const TpmOwned<TPM2B_MAX_NV_BUFFER> owned(data);
  if (data->size != kCounterBytes) return fail(Code::kIo, "the TPM's counter has another size");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kCounterBytes; ++i) value = value << 8 | data->buffer[i];
  return value;
}

base::Status Tpm::increment_counter(std::uint32_t handle) {
  const TpmReference counter = TRY(open_counter(*this, handle));
  return tpm_status(Esys_NV_Increment(esys(), counter.get(), counter.get(), ESYS_TR_PASSWORD,
                                      ESYS_TR_NONE, ESYS_TR_NONE),
                    "raise the counter");
}

base::Result<TpmObject> create_storage_key(const Tpm& tpm) {
  TPM2B_PUBLIC wanted{};
  TPMT_PUBLIC& area = wanted.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |
                          TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_AES;
  area.parameters.eccDetail.symmetric.keyBits.aes = 128;
  area.parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CFB;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  const TPM2B_SENSITIVE_CREATE no_secret{};
  const TPM2B_DATA no_data{};
  const TPML_PCR_SELECTION no_registers{};
  ESYS_TR made = ESYS_TR_NONE;
  TRY(tpm_status(Esys_CreatePrimary(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_secret, &wanted, &no_data, &no_registers,
                                    &made, nullptr, nullptr, nullptr, nullptr),
                 "make its storage key"));
  return TpmObject(tpm.esys(), made);
}

base::Result<TpmObject> start_policy_session(const Tpm& tpm, ESYS_TR salt_key) {
  TPMT_SYM_DEF symmetric{};
  symmetric.algorithm = TPM2_ALG_AES;
  symmetric.keyBits.aes = 128;
  symmetric.mode.aes = TPM2_ALG_CFB;
  ESYS_TR made = ESYS_TR_NONE;
  TRY(tpm_status(Esys_StartAuthSession(tpm.esys(), salt_key, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY,
                                       &symmetric, TPM2_ALG_SHA256, &made),
                 "start a session"));
  TpmObject session(tpm.esys(), made);
  constexpr TPMA_SESSION kEncrypted =
      TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT | TPMA_SESSION_DECRYPT;
  TRY(tpm_status(Esys_TRSess_SetAttributes(tpm.esys(), made, kEncrypted, 0xFF),
                 "encrypt the session"));
  return session;
}

}  // namespace nearside::trust
