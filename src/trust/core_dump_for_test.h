// The core dump that the kernel writes of a process that dies, to look for secrets in.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sanitizer_for_test.h"

namespace nearside::trust {

/// One child's core, whatever is in it.
inline std::optional<std::string> one_core_of(const std::function<void()>& victim) {
  namespace fs = std::filesystem;
  const fs::path folder =
      fs::path(testing::TempDir()) / fmt::format("nearside_core_{}", ::getpid());
  fs::create_directories(folder);
  const pid_t child = ::fork();
  if (child == 0) {
    struct rlimit limit {};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
    if (::chdir(folder.c_str()) == 0 && limit.rlim_max > 0) victim();
    std::abort();
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  std::optional<std::string> core;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    core.emplace(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  fs::remove_all(folder);
  return core;
}

/// Runs `victim` in a child that aborts in it, or after it; the child's core. Nothing where none is
/// written: core dumps are forbidden, go to another program, or would hold a sanitizer's terabytes.
///
/// The kernel leaves out a page that it cannot get at while it writes. A core without what `whole`
/// looks for says nothing of what else is not in it, so another child is asked for one.
inline std::optional<std::string> core_of(
    const std::function<void()>& victim,
    const std::function<bool(const std::string& core)>& whole) {
  constexpr int kCoresMax = 5;
  std::string pattern;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
  if (base::kSanitized || pattern.find_first_of("|/") != std::string::npos) return {};
  std::optional<std::string> core;
  for (int i = 0; i < kCoresMax; ++i) {
    core = one_core_of(victim);
    if (!core || whole(*core)) break;
  }
  return core;
}

}  // namespace nearside::trust
