#include "package/tree.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/utf8.h"

namespace nearside::package {

using base::Code;
using base::fail;
using base::UniqueFd;

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_ignored(std::string_view path, const std::vector<std::string>& ignored) {
  return std::any_of(ignored.begin(), ignored.end(), [path](std::string_view prefix) {
    while (prefix.starts_with("./")) prefix.remove_prefix(2);
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  });
}

/// One listing under way.
class Walk {
 public:
  Walk(const Tree& tree, const ListOptions& options) : tree_(tree), options_(options) {}

  base::Status folder(UniqueFd fd, const std::string& prefix, std::size_t depth) {
    if (depth > kFolderDepthMax)
      return fail(Code::kTooLarge, "folders deeper than {} at {}", kFolderDepthMax, prefix);
    const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd.get()));
    if (folder == nullptr)
      return fail(Code::kIo, "cannot list {}: {}", prefix, std::strerror(errno));
    const int own = fd.release();  // closedir closes it
    while (const dirent* item = ::readdir(folder.get())) {
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      TRY(entry(own, prefix + std::string(name), item->d_name, depth));
    }
    return {};
  }

  std::vector<Entry> take() {
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.path < b.path; });
    return std::move(entries_);
  }

 private:
  base::Status entry(int folder_fd, const std::string& path, const char* name, std::size_t depth) {
    if (is_ignored(path, options_.ignored_paths)) return {};
    if (entries_.size() >= kEntriesMax)
      return fail(Code::kTooLarge, "more than {} files", kEntriesMax);
    struct stat info {};
    if (::fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
      return fail(Code::kIo, "cannot look at {}: {}", path, std::strerror(errno));
    if (!base::is_valid_utf8(path)) {
      entries_.push_back({path, EntryKind::kUnnameable});
    } else if (S_ISDIR(info.st_mode)) {
      UniqueFd below(::openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!below.valid()) return fail(Code::kIo, "cannot open {}: {}", path, std::strerror(errno));
      return folder(std::move(below), path + "/", depth + 1);
    } else if (S_ISREG(info.st_mode)) {
      entries_.push_back({path, EntryKind::kFile, static_cast<std::uint64_t>(info.st_size)});
    } else if (S_ISLNK(info.st_mode)) {
      entries_.push_back(link(path));
    } else {
      entries_.push_back({path, EntryKind::kSpecial});
    }
    return {};
  }

  [[nodiscard]] Entry link(const std::string& path) const {
    Entry entry{path, EntryKind::kSymlink};
    if (!options_.follow_symlinks) return entry;
    const base::Result<UniqueFd> target = tree_.open_file(path, true);
    struct stat info {};
    if (target && ::fstat(target->get(), &info) == 0 && S_ISREG(info.st_mode)) {
      entry.kind = EntryKind::kFile;
      entry.size_bytes = static_cast<std::uint64_t>(info.st_size);
    }
    return entry;
  }

  const Tree& tree_;
  const ListOptions& options_;
  std::vector<Entry> entries_;
};

}  // namespace

base::Result<Tree> Tree::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kIo;
    return fail(code, "cannot open {}: {}", path, std::strerror(errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0)
    return fail(Code::kIo, "cannot look at {}: {}", path, std::strerror(errno));
  if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode))
    return fail(Code::kIo, "{} is neither a folder nor a file", path);
  return Tree(std::move(fd), S_ISDIR(info.st_mode));
}

base::Result<std::vector<Entry>> Tree::list(const ListOptions& options) const {
  if (!is_folder_) {
    struct stat info {};
    if (::fstat(root_.get(), &info) != 0)
      return fail(Code::kIo, "cannot look at the model: {}", std::strerror(errno));
    return std::vector<Entry>{{".", EntryKind::kFile, static_cast<std::uint64_t>(info.st_size)}};
  }
  Walk walk(*this, options);
  UniqueFd root(::openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return fail(Code::kIo, "cannot list the model: {}", std::strerror(errno));
  TRY(walk.folder(std::move(root), "", 0));
  return walk.take();
}

base::Result<UniqueFd> Tree::open_file(const std::string& path, bool follow_symlinks) const {
  if (!is_folder_) {
    // A descriptor of its own, because positions are shared by copies.
    UniqueFd again(
        ::open(fmt::format("/proc/self/fd/{}", root_.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!again.valid()) return fail(Code::kIo, "cannot open the model: {}", std::strerror(errno));
    return again;
  }
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (!follow_symlinks) how.resolve |= RESOLVE_NO_SYMLINKS;
  UniqueFd fd(
      static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
  if (fd.valid()) return fd;
  if (errno == EXDEV || errno == ELOOP)
    return fail(Code::kPermission, "{} is a link, or leads out of the folder", path);
  const Code code = errno == ENOENT ? Code::kNotFound : Code::kIo;
  return fail(code, "cannot open {}: {}", path, std::strerror(errno));
}

}  // namespace nearside::package
