// The data key of one sealed file, wrapped for one node.
//
// The envelope is a small JSON file beside the sealed one: the sealed file is the same for every
// node, so it can be signed, mirrored and cached; only the envelope differs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "trust/sealed_file.h"
#include "trust/secret_bytes.h"
#include "trust/tpm.h"
#include "trust/tpm_policy.h"

namespace nearside::trust {

/// Wraps by a key file. Weaker than a TPM: whoever copies both files can open the weights.
/// Errors: those of read_key_file.
base::Result<std::string> wrap_by_key_file(const SecretBytes& data_key, const FileId& file_id,
                                           const std::string& key_file);

/// Wraps by this machine's TPM; the approval travels along. Errors: those of tpm_seal.
base::Result<std::string> wrap_by_tpm(const Tpm& tpm, const SecretBytes& data_key,
                                      const FileId& file_id, const PublicKey& authority,
                                      const TpmApproval& approval);

/// The envelope with the approval of another release: nothing is wrapped anew, no TPM is needed.
/// Errors: kCorrupt (the envelope), kInvalidArgument (it is not wrapped by a TPM).
base::Result<std::string> with_approval(std::string_view envelope, const TpmApproval& approval);

/// What opens an envelope on this node; which of the two is the envelope's to say.
struct KeySource {
  std::string envelope_file;
  std::string key_file;  // for envelopes wrapped by a key file
  std::string tpm;       // TCTI of the TPM, as in "device:/dev/tpmrm0"

  [[nodiscard]] bool empty() const { return envelope_file.empty(); }
};

struct OpenedEnvelope {
  FileId file_id{};
  SecretBytes data_key;
  std::string protection;  // "key file (weaker)" or "TPM"
};

/// Errors: kCorrupt (the envelope), kInvalidArgument (the source lacks what the envelope needs),
/// kPermission (this key or TPM does not open it), kNotFound, kIo.
base::Result<OpenedEnvelope> open_envelope(const KeySource& source);

}  // namespace nearside::trust
