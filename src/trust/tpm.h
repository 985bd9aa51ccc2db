// This machine's TPM 2.0: registers, counters and the connection that the other tpm_ files use.
//
// The TPM speaks through tpm2-tss (ESYS). Objects live in it only for the length of a call, so that
// TPMs without a resource manager, which have room for three, suffice.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "trust/sha256.h"

struct ESYS_CONTEXT;

namespace nearside::trust {

/// Platform configuration registers of the SHA-256 bank: 0 to 23, ascending.
using PcrIndexes = std::vector<unsigned>;

/// Firmware and its settings, boot loader, secure boot: what says that the machine booted as it
/// should, and does not change with every kernel update.
inline const PcrIndexes kBootPcrs = {0, 2, 4, 7};

/// Not thread-safe; movable.
class Tpm {
 public:
  /// `tcti` names the TPM: "device:/dev/tpmrm0" (the kernel's resource manager), "swtpm:path=..."
  /// (an emulator). Errors: kNotFound (no such TPM), kInvalidArgument (not a TCTI).
  static base::Result<Tpm> open(const std::string& tcti);

  Tpm(Tpm&&) noexcept = default;
  Tpm& operator=(Tpm&&) noexcept = default;

  /// SHA-256 over the registers' values, as PCR policies and quotes hold it. Errors: kIo,
  /// kInvalidArgument (no or impossible indexes).
  base::Result<Sha256> pcr_digest(const PcrIndexes& indexes);
  base::Result<Sha256> read_pcr(unsigned index);
  base::Status extend_pcr(unsigned index, const Sha256& digest);

  /// A counter that only ever rises, also across removal: handles 0x01500000 to 0x017fffff.
  /// Returns its first value. Errors: kInvalidArgument (it exists), kIo.
  base::Result<std::uint64_t> create_counter(std::uint32_t handle);
  base::Result<std::uint64_t> read_counter(std::uint32_t handle);
  base::Status increment_counter(std::uint32_t handle);

  /// For this room.
  [[nodiscard]] ESYS_CONTEXT* esys() const { return context_.get(); }

 private:
  struct Close {
    void operator()(ESYS_CONTEXT* context) const;
  };
  explicit Tpm(ESYS_CONTEXT* context) : context_(context) {}
  std::unique_ptr<ESYS_CONTEXT, Close> context_;
};

}  // namespace nearside::trust
