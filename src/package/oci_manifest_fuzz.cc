// Any bytes as a package's manifest, as a layout's index, and as the beginning of a file.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "package/content_kind.h"
#include "package/manifest.h"
#include "package/oci_layout.h"

using namespace nearside;

namespace {

/// A layout with one manifest, "{}", whose index is each input in turn.
struct Layout {
  Layout() {
    std::string name = (std::filesystem::temp_directory_path() / "layout_fuzz_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
    layout = name + "/layout";
    if (!package::create_layout(layout)) std::abort();
    if (!package::finish_layout(layout, "{}", "1")) std::abort();
  }
  ~Layout() { std::filesystem::remove_all(folder); }
  std::string folder;
  std::string layout;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Layout layout;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = package::parse_package_manifest(text))
    for (const package::Descriptor& layer : manifest->layers)
      if (!package::is_inside(layer.path) || layer.digest.size() != 71) __builtin_trap();
  static_cast<void>(package::content_of(text));
  // A file is written only for what could be an index.
  if (text.find("\"manifests\"") != std::string_view::npos) {
    std::ofstream(layout.layout + "/index.json", std::ios::binary) << text;
    if (package::read_layout(layout.layout)) __builtin_trap();  // "{}" is no manifest
  }
  return 0;
}
