// What the tpm_ files share of ESYS: objects that leave the TPM again, and its errors as ours. For
// this room only.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <tss2/tss2_esys.h>

#include "base/result.h"
#include "trust/tpm.h"

namespace nearside::trust {

/// Success, or what the TPM said to `what`: kPermission where it refuses (policy, signature,
/// authorisation), kIo else.
base::Status tpm_status(TSS2_RC code, std::string_view what);

/// A transient object or session; flushed on destruction.
class TpmObject {
 public:
  TpmObject(ESYS_CONTEXT* context, ESYS_TR handle) : context_(context), handle_(handle) {}
  TpmObject(TpmObject&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  TpmObject& operator=(TpmObject&&) = delete;
  ~TpmObject() {
    if (handle_ != ESYS_TR_NONE) Esys_FlushContext(context_, handle_);
  }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
};

/// A handle of the library for something that stays in the TPM (an NV index).
class TpmReference {
 public:
  TpmReference(ESYS_CONTEXT* context, ESYS_TR handle) : context_(context), handle_(handle) {}
  TpmReference(TpmReference&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  TpmReference& operator=(TpmReference&&) = delete;
  ~TpmReference() {
    if (handle_ != ESYS_TR_NONE) Esys_TR_Close(context_, &handle_);
  }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
};

struct TpmFree {
  template <typename T>
  void operator()(T* memory) const {
    Esys_Free(memory);
  }
};
template <typename T>
using TpmOwned = std::unique_ptr<T, TpmFree>;

TPML_PCR_SELECTION pcr_selection(const PcrIndexes& indexes);

/// The storage key that node-bound secrets hang under: made again from the owner's seed each time,
/// the same until the TPM is cleared.
base::Result<TpmObject> create_storage_key(const Tpm& tpm);

/// A policy session whose parameters are encrypted between here and the TPM, salted by `salt_key`.
base::Result<TpmObject> start_policy_session(const Tpm& tpm, ESYS_TR salt_key);

base::Result<TpmReference> open_counter(const Tpm& tpm, std::uint32_t handle);

}  // namespace nearside::trust
