#include "cli/commands.h"

#include "cli/attest.h"
#include "cli/audit.h"
#include "cli/bench.h"
#include "cli/eval.h"
#include "cli/ledger.h"
#include "cli/model.h"
#include "cli/route.h"
#include "cli/tpm.h"
#include "cli/train.h"

namespace nearside::cli {

std::vector<Declare> commands() {
  // In the order of `nearside --help`.
  return {attest, audit, bench, chat,          eval, import_config, ledger, model,
          route,  run,   serve, tokenize_text, tpm,  train,         worker};
}

}  // namespace nearside::cli
