// `nearside attest quote`: this machine's TPM signs its registers and a verifier's nonce.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/json.h"
#include "cli/attest.h"
#include "trust/encoding.h"
#include "trust/tpm_quote.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string tpm = "device:/dev/tpmrm0";
  std::vector<unsigned> pcrs = trust::kBootPcrs;
  std::string nonce;
};

base::Result<std::string> quote(const Options& options) {
  const std::string nonce = TRY(trust::from_hex(options.nonce));
  trust::Tpm tpm = TRY(trust::Tpm::open(options.tpm));
  const trust::TpmAttestationKey key = TRY(trust::tpm_attestation_key(tpm));
  const trust::TpmQuoted quoted = TRY(trust::tpm_quote(tpm, options.pcrs, nonce));
  base::json::array pcrs;
  for (const trust::Sha256& value : quoted.pcrs)
    pcrs.push_back(base::json::value(trust::to_hex(value)));
  return base::json::serialize(base::json::object{
      {"ak_public", base::base64_encode(key.key.der())},
      {"tpm_quote", base::json::object{{"message", base::base64_encode(quoted.message)},
                                       {"pcrs", pcrs},
                                       {"signature", base::base64_encode(quoted.signature)}}}});
}

Exit run(const Options& options) {
  const base::Result<std::string> evidence = quote(options);
  if (!evidence) {
    fmt::print(stderr, "nearside attest quote: {}\n", evidence.error().message);
    return Exit::kFailed;
  }
  fmt::print("{}\n", *evidence);
  return Exit::kDone;
}

}  // namespace

Run attest_quote(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("quote", "Has the TPM sign its registers and a nonce");
  command->add_option("--nonce", options->nonce, "the verifier's, hexadecimal, at most 32 bytes")
      ->required();
  command->add_option("--tpm", options->tpm, "which TPM")->capture_default_str();
  command->add_option("--pcrs", options->pcrs, "registers, ascending")
      ->delimiter(',')
      ->capture_default_str();
  command->footer("Example: nearside attest quote --nonce 00112233 --pcrs 0,2,4,7 > quote.json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
