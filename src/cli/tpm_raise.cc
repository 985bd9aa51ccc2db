// `nearside tpm raise`: locks every older release out of the sealed keys, for good.
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
  std::uint32_t counter = trust::kReleaseCounter;
};

base::Result<std::uint64_t> raise(const Options& options) {
  trust::Tpm tpm = TRY(trust::Tpm::open(options.tpm));
  TRY(tpm.increment_counter(options.counter));
  return tpm.read_counter(options.counter);
}

Exit run(const Options& options) {
  const base::Result<std::uint64_t> value = raise(options);
  if (!value) {
    fmt::print(stderr, "nearside tpm raise: {}\n", value.error().message);
    return Exit::kFailed;
  }
  fmt::print("the release counter is {}\n", *value);
  return Exit::kDone;
}

}  // namespace

Run tpm_raise(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("raise", "Raises the release counter: older approvals end");
  command->add_option("--tpm", options->tpm, "which TPM")->capture_default_str();
  command->add_option("--counter", options->counter, "NV handle of the release counter")
      ->capture_default_str();
  command->footer("Example: nearside tpm raise --tpm device:/dev/tpmrm0");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
