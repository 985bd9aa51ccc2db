#include "trust/landlock.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

// The system's headers are older than the kernels we run on, so the constants stand here.
// Source: Linux, include/uapi/linux/landlock.h, and the numbers in asm-generic/unistd.h.
#ifndef SYS_landlock_create_ruleset
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
#else
constexpr long kCreateRuleset = SYS_landlock_create_ruleset;
constexpr long kAddRule = SYS_landlock_add_rule;
constexpr long kRestrictSelf = SYS_landlock_restrict_self;
#endif
constexpr unsigned kAskVersion = 1;

struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};

/// The lowest `count` bits.
constexpr std::uint64_t bits(unsigned count) { return (std::uint64_t{1} << count) - 1; }

/// Each ABI added its bits above those of the one before.
RulesetAttributes everything(int abi) {
  RulesetAttributes attributes{};
  attributes.handled_access_fs = bits(13);                // execute ... make_sym
  if (abi >= 2) attributes.handled_access_fs = bits(14);  // refer
  if (abi >= 3) attributes.handled_access_fs = bits(15);  // truncate
  if (abi >= 5) attributes.handled_access_fs = bits(16);  // ioctl of devices
  if (abi >= 4) attributes.handled_access_net = bits(2);  // bind and connect TCP
  if (abi >= 6) attributes.scoped = bits(2);              // abstract sockets, signals
  return attributes;
}

/// A kernel refuses a structure longer than it knows unless the rest is zero; the shorter is safe.
std::size_t attribute_bytes(int abi) {
  if (abi >= 6) return sizeof(RulesetAttributes);
  return abi >= 4 ? offsetof(RulesetAttributes, scoped)
                  : offsetof(RulesetAttributes, handled_access_net);
}

// Rights over files, and over folders what is in them.
constexpr std::uint64_t kWriteFile = 1U << 1;
constexpr std::uint64_t kReadFile = 1U << 2;
constexpr std::uint64_t kReadFolder = 1U << 3;
constexpr std::uint64_t kRemoveFile = 1U << 5;
constexpr std::uint64_t kMakeFile = 1U << 8;
constexpr std::uint64_t kTruncate = 1U << 14;
constexpr std::uint64_t kOfFiles = kWriteFile | kReadFile | kTruncate;

struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

base::Status allow(const base::UniqueFd& ruleset, const std::string& path, std::uint64_t rights) {
  constexpr unsigned kBeneathPath = 1;
  const base::UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place.valid() && errno == ENOENT) return {};
  struct stat what {};
  if (!place.valid() || ::fstat(place.get(), &what) != 0)
    return fail(Code::kIo, "cannot look at {}: {}", path, std::strerror(errno));
  if (!S_ISDIR(what.st_mode)) rights &= kOfFiles;
  const PathBeneath rule{rights, place.get()};
  if (::syscall(kAddRule, ruleset.get(), kBeneathPath, &rule, 0U) != 0)
    return fail(Code::kIo, "cannot leave {} open: {}", path, std::strerror(errno));
  return {};
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(kCreateRuleset, nullptr, std::size_t{0}, kAskVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

base::Status landlock_deny_all(int abi) {
  const RulesetAttributes attributes = everything(abi);
  const base::UniqueFd ruleset(
      static_cast<int>(::syscall(kCreateRuleset, &attributes, attribute_bytes(abi), 0U)));
  if (!ruleset.valid())
    return fail(Code::kIo, "cannot create a Landlock ruleset of ABI {}: {}", abi,
                std::strerror(errno));
  if (::syscall(kRestrictSelf, ruleset.get(), 0U) != 0)
    return fail(Code::kIo, "cannot enter the Landlock ruleset: {}", std::strerror(errno));
  return {};
}

base::Status landlock_confine(const LandlockRules& rules) {
  const int abi = landlock_abi();
  if (abi == 0)
    return fail(Code::kUnsupported, "this kernel has no Landlock, or it is turned off at boot");
  RulesetAttributes files = everything(abi);
  files.handled_access_net = files.scoped = 0;
  const base::UniqueFd ruleset(
      static_cast<int>(::syscall(kCreateRuleset, &files, attribute_bytes(abi), 0U)));
  if (!ruleset.valid())
    return fail(Code::kIo, "cannot create a Landlock ruleset: {}", std::strerror(errno));
  const std::uint64_t known = files.handled_access_fs;
  for (const std::string& path : rules.read)
    TRY(allow(ruleset, path, (kReadFile | kReadFolder) & known));
  for (const std::string& path : rules.list) TRY(allow(ruleset, path, kReadFolder & known));
  for (const std::string& path : rules.write)
    TRY(allow(ruleset, path, (kOfFiles | kReadFolder | kRemoveFile | kMakeFile) & known));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0 ||
      ::syscall(kRestrictSelf, ruleset.get(), 0U) != 0)
    return fail(Code::kIo, "cannot enter the Landlock ruleset: {}", std::strerror(errno));
  return {};
}

}  // namespace nearside::trust
