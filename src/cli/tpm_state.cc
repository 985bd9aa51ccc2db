// `nearside tpm state`: what a release authority needs to know to approve this machine.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "cli/tpm.h"
#include "trust/tpm_policy.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string tpm = "device:/dev/tpmrm0";
  std::vector<unsigned> pcrs = trust::kBootPcrs;
  std::uint32_t counter = trust::kReleaseCounter;
  bool create = false;
};

base::Result<trust::TpmState> read_state(const Options& options) {
  trust::Tpm tpm = TRY(trust::Tpm::open(options.tpm));
  trust::TpmState state;
  state.pcrs = options.pcrs;
  state.pcr_digest = TRY(tpm.pcr_digest(options.pcrs));
  state.counter_handle = options.counter;
  state.counter_max = options.create ? TRY(tpm.create_counter(options.counter))
                                     : TRY(tpm.read_counter(options.counter));
  return state;
}

Exit run(const Options& options) {
  const base::Result<trust::TpmState> state = read_state(options);
  if (!state) {
    fmt::print(stderr, "nearside tpm state: {}\n", state.error().message);
    return Exit::kFailed;
  }
  fmt::print("{}\n", base::json::serialize(trust::encode_state(*state)));
  return Exit::kDone;
}

}  // namespace

Run tpm_state(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("state", "Prints registers and release counter as JSON");
  command->add_option("--tpm", options->tpm, "which TPM")->capture_default_str();
  command->add_option("--pcrs", options->pcrs, "registers, ascending")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--counter", options->counter, "NV handle of the release counter")
      ->capture_default_str();
  command->add_flag("--create", options->create, "make the release counter first");
  command->footer("Example: nearside tpm state --create > plant7.json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
