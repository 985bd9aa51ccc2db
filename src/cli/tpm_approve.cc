// `nearside tpm approve`: the release authority's signature under a machine's state.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "cli/tpm.h"
#include "trust/tpm_policy.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string state_file;
  std::string key_file;
  std::uint64_t releases_ahead = 0;
};

base::Result<trust::TpmApproval> approve(const Options& options) {
  const std::string pem = TRY(base::read_file(options.key_file, 1U << 20));
  const trust::PrivateKey key = TRY(trust::PrivateKey::from_pem(pem));
  const std::string text = TRY(base::read_file(options.state_file, 1U << 20));
  const base::json::value document = TRY(base::parse_json(text, 8));
  trust::TpmState state = TRY(trust::parse_state(document));
  state.counter_max += options.releases_ahead;
  return trust::approve(state, key);
}

Exit run(const Options& options) {
  const base::Result<trust::TpmApproval> approval = approve(options);
  if (!approval) {
    fmt::print(stderr, "nearside tpm approve: {}\n", approval.error().message);
    return Exit::kFailed;
  }
  fmt::print("{}\n", base::json::serialize(trust::encode_approval(*approval)));
  return Exit::kDone;
}

}  // namespace

Run tpm_approve(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("approve", "Signs a machine's state, away from any TPM");
  command->add_option("state", options->state_file, "from `nearside tpm state`; - for stdin")
      ->required();
  command->add_option("--key", options->key_file, "private key (PEM, P-256) of the authority")
      ->required();
  command->add_option("--ahead", options->releases_ahead,
                      "stay good for so many raises of the counter (1: the next release)");
  command->footer("Example: nearside tpm approve --key authority.pem plant7.json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
