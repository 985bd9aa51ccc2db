// `nearside model sign`: an OpenSSF Model Signing bundle over a folder or a file.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "cli/model.h"
#include "package/sign.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kPemBytesMax = 1U << 20;

struct Options {
  std::string model;
  std::string output;
  std::string key_file;
  std::vector<std::string> certificate_files;
  std::vector<std::string> ignored_paths;
  std::uint64_t shard_bytes = 0;
  bool allow_symlinks = false;
};

/// Beside a file, inside a folder.
std::string default_output(const std::string& model) {
  if (std::filesystem::is_directory(model))
    return (std::filesystem::path(model) / "model.sig").string();
  return model + ".sig";
}

base::Result<std::size_t> sign(const Options& options, const std::string& output) {
  const std::string key_pem = TRY(base::read_file(options.key_file, kPemBytesMax));
  const trust::PrivateKey key = TRY(trust::PrivateKey::from_pem(key_pem));
  package::SignOptions signing;
  for (const std::string& file : options.certificate_files) {
    const std::string pem = TRY(base::read_file(file, kPemBytesMax));
    for (const trust::Certificate& certificate : TRY(trust::Certificate::all_from_pem(pem)))
      signing.certificates.push_back(certificate);
  }
  if (options.shard_bytes != 0) {
    signing.serialization = package::Serialization::kShards;
    signing.shard_bytes = options.shard_bytes;
  }
  signing.allow_symlinks = options.allow_symlinks;
  signing.ignored_paths = options.ignored_paths;
  const std::filesystem::path inside =
      std::filesystem::relative(output, std::filesystem::path(options.model));
  if (!inside.empty() && *inside.begin() != "..") signing.ignored_paths.push_back(inside.string());
  const package::Manifest manifest = TRY(package::describe_model(options.model, signing));
  const std::string bundle = TRY(package::sign_manifest(manifest, key, signing.certificates));
  TRY(base::write_file_atomic(output, bundle));
  return manifest.resources.size();
}

Exit run(const Options& options) {
  const std::string output =
      options.output.empty() ? default_output(options.model) : options.output;
  const base::Result<std::size_t> signed_count = sign(options, output);
  if (!signed_count) {
    fmt::print(stderr, "nearside model sign: {}\n", signed_count.error().message);
    return Exit::kFailed;
  }
  fmt::print("signed {} {} into {}\n", *signed_count, options.shard_bytes != 0 ? "shards" : "files",
             output);
  return Exit::kDone;
}

}  // namespace

Run model_sign(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("sign", "Signs a model (OpenSSF Model Signing 1.0)");
  command->add_option("model", options->model, "folder or file")->required();
  command->add_option("--key", options->key_file, "private key (PEM, P-256, P-384 or P-521)")
      ->required();
  command->add_option("--certificate", options->certificate_files,
                      "the key's certificate and its chain (PEM), leaf first");
  command->add_option("-o,--output", options->output,
                      "signature file (default: model.sig in the folder, or FILE.sig)");
  command->add_option("--shards", options->shard_bytes,
                      "sign shards of so many bytes instead of whole files");
  command->add_option("--ignore", options->ignored_paths, "path in the folder to leave out");
  command->add_flag("--allow-symlinks", options->allow_symlinks,
                    "follow links to files inside the folder");
  command->footer(
      "Example: openssl ecparam -name prime256v1 -genkey -noout -out signer.pem\n"
      "         nearside model sign --key signer.pem models/plant");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
