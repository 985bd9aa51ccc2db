// The files of a model's folder, listed and opened so that no link leads elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace nearside::package {

enum class EntryKind {
  kFile,
  kSymlink,     // a link that may not be followed, or leads outside, to a folder or nowhere
  kSpecial,     // pipe, socket, device
  kUnnameable,  // a name that is not UTF-8
};

struct Entry {
  std::string path;  // relative, with slashes; "." when the model is one file
  EntryKind kind = EntryKind::kFile;
  std::uint64_t size_bytes = 0;  // files only
};

struct ListOptions {
  std::vector<std::string> ignored_paths;  // these, and all below them
  bool follow_symlinks = false;            // to files inside the folder only; never to folders
};

inline constexpr std::size_t kEntriesMax = 100'000;
inline constexpr std::size_t kFolderDepthMax = 32;

/// Holds the folder (or the one file) open: renaming it does not change what is read.
class Tree {
 public:
  /// Errors: kNotFound, kIo (neither a folder nor a file).
  static base::Result<Tree> open(const std::string& path);

  [[nodiscard]] bool is_folder() const { return is_folder_; }

  /// Sorted by path. Folders are not listed. Errors: kIo; kTooLarge (kEntriesMax, kFolderDepthMax).
  [[nodiscard]] base::Result<std::vector<Entry>> list(const ListOptions& options) const;

  /// Opens a listed file for reading; the kernel refuses a path that leads outside.
  /// Errors: kIo, kNotFound, kPermission (a link; with `follow_symlinks`: one that leads outside).
  [[nodiscard]] base::Result<base::UniqueFd> open_file(const std::string& path,
                                                       bool follow_symlinks) const;

 private:
  Tree(base::UniqueFd root, bool is_folder) : root_(std::move(root)), is_folder_(is_folder) {}
  base::UniqueFd root_;
  bool is_folder_;
};

}  // namespace nearside::package
