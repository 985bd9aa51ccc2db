// Any bytes as a package's manifest, and as the beginning of a file.
#include <cstdint>

#include "package/content_kind.h"
#include "package/manifest.h"
#include "package/oci_layout.h"

using namespace nearside;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = package::parse_package_manifest(text))
    for (const package::Descriptor& layer : manifest->layers)
      if (!package::is_inside(layer.path) || layer.digest.size() != 71) __builtin_trap();
  static_cast<void>(package::content_of(text));
  return 0;
}
