#include "cli/key_options.h"

namespace nearside::cli {

void declare_key_options(App& command, trust::KeySource& source) {
  command.add_option("--key-envelope", source.envelope_file,
                     "of a sealed model: the wrapped key, from `nearside model seal`");
  command.add_option("--key-file", source.key_file, "key file that opens the envelope");
  command.add_option("--tpm", source.tpm, "TPM that opens the envelope, as in device:/dev/tpmrm0");
}

}  // namespace nearside::cli
