#include "base/memory.h"

#include <cstdint>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <malloc.h>
#include <sys/mman.h>

namespace nearside::base {
namespace {

/// A part of the address space, as /proc/self/smaps has it (proc(5)).
struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  std::string access;  // "r-xp"
  std::string file;    // "" for memory of no file
  std::size_t resident_bytes = 0;
  std::size_t anonymous_bytes = 0;  // changed since they were read from the file
};

std::vector<Mapping> read_mappings() {
  std::vector<Mapping> all;
  std::ifstream in("/proc/self/smaps");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first.ends_with(':')) {
      std::size_t kilobytes = 0;
      if (all.empty() || !(words >> kilobytes)) continue;
      if (first == "Rss:") all.back().resident_bytes = kilobytes << 10;
      if (first == "Anonymous:") all.back().anonymous_bytes = kilobytes << 10;
      continue;
    }
    Mapping mapping;
    std::istringstream range(first);
    char dash = 0;
    range >> std::hex >> mapping.begin >> dash >> mapping.end;
    std::string offset, device, inode;
    words >> mapping.access >> offset >> device >> inode >> std::ws;
    std::getline(words, mapping.file);
    all.push_back(std::move(mapping));
  }
  return all;
}

}  // namespace

std::size_t give_back_memory() {
  const std::vector<Mapping> mappings = read_mappings();
  std::set<std::string> programs;
  for (const Mapping& mapping : mappings)
    if (mapping.file.starts_with('/') && mapping.access == "r-xp") programs.insert(mapping.file);
  std::size_t bytes = 0;
  for (const Mapping& mapping : mappings) {
    // What was changed (addresses filled in by the loader) exists nowhere else.
    if (!programs.contains(mapping.file) || mapping.access.find('w') != std::string::npos ||
        mapping.anonymous_bytes > 0)
      continue;
    // The address is a number in the kernel's text; nothing here is read or written through it.
    void* const begin =
        reinterpret_cast<void*>(mapping.begin);  // NOLINT(performance-no-int-to-ptr)
    if (::madvise(begin, mapping.end - mapping.begin, MADV_DONTNEED) == 0)
      bytes += mapping.resident_bytes;
  }
  ::malloc_trim(0);
  return bytes;
}

}  // namespace nearside::base
