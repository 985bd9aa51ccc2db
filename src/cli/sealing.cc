#include "cli/sealing.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/unique_fd.h"
#include "trust/key_envelope.h"
#include "trust/key_file.h"
#include "trust/sealed_file.h"

namespace nearside::cli {

using base::Code;
using base::fail;

namespace {

base::Status write_whole(const base::UniqueFd& fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(Code::kIo, "cannot write: {}", std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

/// Beside the name and renamed over it, so that no half-sealed file is ever taken for one.
base::Result<trust::FileId> seal_file(const std::string& path, const std::string& output,
                                      const trust::SecretBytes& key) {
  const base::MappedFile plain = TRY(base::MappedFile::open(path));
  if (trust::looks_sealed(plain.bytes()))
    return fail(Code::kInvalidArgument, "{} is sealed already", path);
  const std::string temporary = output + ".part";
  const base::UniqueFd out(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.valid()) return fail(Code::kIo, "cannot create {}: {}", temporary, std::strerror(errno));
  const trust::FileId id =
      TRY(trust::seal(plain.bytes(), key, {},
                      [&](std::span<const std::byte> piece) { return write_whole(out, piece); }));
  if (::fsync(out.get()) != 0 || std::rename(temporary.c_str(), output.c_str()) != 0)
    return fail(Code::kIo, "cannot finish {}: {}", output, std::strerror(errno));
  return id;
}

base::Result<std::string> wrap(const SealingOptions& options, const trust::SecretBytes& key,
                               const trust::FileId& id) {
  if (options.tpm.empty()) return trust::wrap_by_key_file(key, id, options.key_file);
  const std::string pem = TRY(base::read_file(options.authority_file, 1U << 20));
  const trust::PublicKey authority = TRY(trust::PublicKey::from_pem(pem));
  const std::string approval_text = TRY(base::read_file(options.approval_file, 1U << 20));
  const base::json::value approval_document = TRY(base::parse_json(approval_text, 8));
  const trust::TpmApproval approval = TRY(trust::parse_approval(approval_document));
  const trust::Tpm tpm = TRY(trust::Tpm::open(options.tpm));
  return trust::wrap_by_tpm(tpm, key, id, authority, approval);
}

}  // namespace

void declare_sealing_options(App& command, SealingOptions& options) {
  command.add_option("--key-file", options.key_file,
                     "seal for a key file of the node (the weaker way); made when absent");
  command.add_option("--tpm", options.tpm, "seal for this machine's TPM: device:/dev/tpmrm0");
  command.add_option("--authority", options.authority_file,
                     "with --tpm: public key (PEM, P-256) of who approves releases");
  command.add_option("--approval", options.approval_file,
                     "with --tpm: from `nearside tpm approve`");
}

base::Status seal_for_node(const SealingOptions& options, const std::string& plain,
                           const std::string& output, const std::string& envelope) {
  const bool by_tpm = !options.tpm.empty();
  if (by_tpm != options.key_file.empty() ||
      by_tpm == (options.authority_file.empty() || options.approval_file.empty()))
    return fail(Code::kInvalidArgument, "give --key-file, or --tpm, --authority and --approval");
  if (!by_tpm && !std::filesystem::exists(options.key_file)) {
    TRY(trust::create_key_file(options.key_file));
    fmt::print(stderr, "made key file {}; who has it and the sealed file has the weights\n",
               options.key_file);
  }
  TRY(trust::make_process_undumpable());
  const trust::SecretBytes key = TRY(trust::SecretBytes::random(trust::kDataKeyBytes));
  const trust::FileId id = TRY(seal_file(plain, output, key));
  const std::string wrapped = TRY(wrap(options, key, id));
  return base::write_file_atomic(envelope, wrapped + "\n");
}

}  // namespace nearside::cli
