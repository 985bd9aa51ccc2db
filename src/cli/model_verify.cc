// `nearside model verify`: who signed a model, and what differs from what was signed.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/model.h"
#include "cli/signer_options.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string model;
  std::string signature;
  SignerOptions signers;
  bool json = false;
};

/// Where `nearside model sign` puts it.
std::string signature_file(const Options& options) {
  if (!options.signature.empty()) return options.signature;
  if (std::filesystem::is_directory(options.model))
    return (std::filesystem::path(options.model) / "model.sig").string();
  return options.model + ".sig";
}

base::json::object describe(const package::Report& report) {
  base::json::array differences;
  for (const package::Difference& difference : report.differences)
    differences.push_back(base::json::object{
        {"kind", package::difference_kind_name(difference.kind)}, {"path", difference.path}});
  const package::Signed& signature = report.signature;
  base::json::object object{{"verified", report.differences.empty()},
                            {"signer", signature.signer},
                            {"method", package::method_name(signature.method)},
                            {"model", signature.manifest.model_name},
                            {"files", report.files},
                            {"bytes", report.bytes},
                            {"differences", differences}};
  if (!signature.subject.empty()) object["subject"] = signature.subject;
  return object;
}

void print_text(const package::Report& report, const std::string& model) {
  const package::Signed& signature = report.signature;
  for (const package::Difference& difference : report.differences)
    fmt::print("{:<10}{}\n", package::difference_kind_name(difference.kind), difference.path);
  if (report.differences.empty())
    fmt::print("{} is what {} signed ({}, {} files, {} bytes)\n", model,
               signature.subject.empty() ? signature.signer : signature.subject,
               package::method_name(signature.method), report.files, report.bytes);
}

Exit run(const Options& options) {
  const auto signers = read_signers(options.signers);
  if (!signers) {
    fmt::print(stderr, "nearside model verify: {}\n", signers.error().message);
    return signers.error().code == base::Code::kInvalidArgument ? Exit::kUsage : Exit::kFailed;
  }
  const auto report = package::verify_model(options.model, signature_file(options), *signers);
  if (!report) {
    if (options.json)
      fmt::print("{}\n", base::json::serialize(base::json::object{
                             {"verified", false}, {"error", report.error().message}}));
    fmt::print(stderr, "nearside model verify: {}\n", report.error().message);
    return Exit::kFailed;
  }
  if (options.json)
    fmt::print("{}\n", base::json::serialize(describe(*report)));
  else
    print_text(*report, options.model);
  if (report->differences.empty()) return Exit::kDone;
  fmt::print(stderr, "nearside model verify: {} differs from what was signed in {} places\n",
             options.model, report->differences.size());
  return Exit::kFailed;
}

}  // namespace

Run model_verify(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("verify", "Says who signed a model and what differs");
  command->add_option("model", options->model, "folder or file")->required();
  command->add_option("--signature", options->signature,
                      "signature file (default: model.sig in the folder, or FILE.sig)");
  declare_signer_options(*command, options->signers);
  command->add_flag("--json", options->json, "one JSON object on standard output");
  command->footer("Example: nearside model verify --key signer.pub models/plant");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
