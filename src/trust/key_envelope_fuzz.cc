// Any bytes as a key envelope, opened with a key file that wrapped none of them.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "trust/key_envelope.h"
#include "trust/key_file.h"

using namespace nearside;

namespace {

/// A folder for this run's envelope and key.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "envelope_fuzz_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
    source = {(path / "envelope.json").string(), (path / "node.key").string(),
              "device:/nonexistent"};
    if (!trust::create_key_file(source.key_file)) std::abort();
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
  trust::KeySource source;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Not base::write_file_atomic, which waits for the disk.
  std::ofstream(folder.source.envelope_file, std::ios::binary) << bytes;
  // No input can be wrapped by a key that was drawn a moment ago.
  if (trust::open_envelope(folder.source)) __builtin_trap();
  return 0;
}
