// The public area of a rising counter: what its name, and so a policy, is computed from. For this
// room only.
#pragma once

#include <cstdint>

#include <tss2/tss2_tpm2_types.h>

namespace nearside::trust {

inline constexpr UINT16 kCounterBytes = 8;

/// `written`: it has a value, which changes its attributes and thereby its name.
/// Anybody at the TPM may raise it: that locks old releases out, and never lets one in.
inline TPMS_NV_PUBLIC counter_public(std::uint32_t handle, bool written) {
  TPMS_NV_PUBLIC area{};
  area.nvIndex = handle;
  area.nameAlg = TPM2_ALG_SHA256;
  area.attributes = TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE | TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE |
                    TPMA_NV_NO_DA | (TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT);
  if (written) area.attributes |= TPMA_NV_WRITTEN;
  area.dataSize = kCounterBytes;
  return area;
}

}  // namespace nearside::trust
