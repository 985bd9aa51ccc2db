// `nearside model pull`: a model from an OCI registry, verified before it is there, and sealed for
// this node if asked to.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "base/mapped_file.h"
#include "cli/model.h"
#include "cli/registry_options.h"
#include "cli/sealing.h"
#include "cli/signer_options.h"
#include "package/content_kind.h"
#include "package/oci_layout.h"
#include "package/verify.h"
#include "trust/sealed_file.h"

namespace nearside::cli {

namespace {

namespace fs = std::filesystem;
using base::Code;
using base::fail;

struct Options {
  RegistryCommand registry;
  std::string folder;
  SignerOptions signers;
  SealingOptions sealing;
  bool unverified = false;
};

/// Removes what is left of a pull, whichever way it ends.
class Scratch {
 public:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

base::Status verify(const Options& options, const std::string& folder) {
  if (options.unverified) return {};
  const std::vector<package::Signer> signers = TRY(read_signers(options.signers));
  const package::Report report = TRY(package::verify_model(folder, folder + "/model.sig", signers));
  if (report.differences.empty()) return {};
  return fail(Code::kPermission, "the package differs from what was signed: {} {}",
              package::difference_kind_name(report.differences.front().kind),
              report.differences.front().path);
}

bool holds_plain_weights(const fs::path& path) {
  const auto file = base::MappedFile::open(path.string());
  if (!file || trust::looks_sealed(file->bytes())) return false;
  const auto first = file->bytes().first(std::min(file->bytes().size(), package::kContentBytes));
  const std::string_view text(reinterpret_cast<const char*>(first.data()), first.size());
  return package::content_of(text).kind == package::ContentKind::kWeights;
}

/// Each file of weights becomes FILE.sealed, with its key in FILE.sealed.key.json.
base::Status seal_weights(const Options& options, const std::string& folder) {
  if (!options.sealing.any()) return {};
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && holds_plain_weights(entry.path())) found.push_back(entry.path());
  for (const fs::path& plain : found) {
    const std::string output = plain.string() + ".sealed";
    TRY(seal_for_node(options.sealing, plain.string(), output, output + ".key.json"));
    fs::remove(plain);
  }
  if (found.empty()) return fail(Code::kInvalidArgument, "the package has no weights to seal");
  return {};
}

base::Result<std::string> pull(Options& options) {
  const package::Reference reference = TRY(read_registry_options(options.registry));
  if (fs::exists(options.folder))
    return fail(Code::kInvalidArgument, "{} exists; choose another name", options.folder);
  const auto client = http::Client::create();
  // The name appears only when all is verified.
  const Scratch layout(fmt::format("{}.pull-{}.oci", options.folder, ::getpid()));
  const Scratch unpacked(fmt::format("{}.pull-{}", options.folder, ::getpid()));
  const std::string digest =
      TRY(package::pull(*client, reference, layout.path(), options.registry.options));
  TRY(package::unpack(layout.path(), unpacked.path()));
  TRY(verify(options, unpacked.path()));
  TRY(seal_weights(options, unpacked.path()));
  std::error_code error;
  fs::rename(unpacked.path(), options.folder, error);
  if (error) return fail(Code::kIo, "cannot name {}: {}", options.folder, error.message());
  return digest;
}

Exit run(Options& options) {
  const base::Result<std::string> digest = pull(options);
  if (!digest) {
    fmt::print(stderr, "nearside model pull: {}\n", digest.error().message);
    return Exit::kFailed;
  }
  fmt::print("pulled {} into {}{}{}: {}\n", options.registry.reference, options.folder,
             options.unverified ? ", unverified" : "", options.sealing.any() ? ", sealed" : "",
             *digest);
  return Exit::kDone;
}

}  // namespace

Run model_pull(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("pull", "Fetches a model from an OCI registry and verifies it");
  command->add_option("reference", options->registry.reference, "HOST[:PORT]/NAME:TAG")->required();
  command->add_option("folder", options->folder, "where to put it; must not exist")->required();
  declare_registry_options(*command, options->registry);
  declare_signer_options(*command, options->signers);
  declare_sealing_options(*command, options->sealing);
  command->add_flag("--unverified", options->unverified, "take it from anybody");
  command->footer(
      "Example: nearside model pull --key signer.pub registry.example/models/plant:1.2 plant\n"
      "         nearside model pull --key signer.pub --tpm device:/dev/tpmrm0 --authority "
      "authority.pub --approval plant7.ok.json registry.example/models/plant:1.2 plant");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
