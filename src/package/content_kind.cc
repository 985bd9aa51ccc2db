#include "package/content_kind.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "base/utf8.h"

namespace nearside::package {

namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  ContentKind kind;
  const char* what;
};

constexpr std::array kMagics = {
    Magic{"GGUF"sv, ContentKind::kWeights, "a GGUF model"},
    Magic{"NRSDSEA1"sv, ContentKind::kWeights, "a sealed file"},
    Magic{"PK\x03\x04"sv, ContentKind::kExecutable,
          "a ZIP archive as PyTorch and Keras write, whose pickles run code when they are loaded"},
    Magic{"\x7F"
          "ELF"sv,
          ContentKind::kExecutable, "a program (ELF)"},
    Magic{"MZ"sv, ContentKind::kExecutable, "a Windows program"},
    Magic{"\xCF\xFA\xED\xFE"sv, ContentKind::kExecutable, "a macOS program"},
    Magic{"#!"sv, ContentKind::kExecutable, "a script"},
    Magic{"\x89HDF"sv, ContentKind::kExecutable,
          "an HDF5 file as Keras writes, whose Lambda layers run code when they are loaded"},
    Magic{"\x93NUMPY"sv, ContentKind::kExecutable, "a NumPy file, which may hold a pickle"},
    Magic{"\x1F\x8B"sv, ContentKind::kUnknown, "a gzip archive, which hides what it holds"},
    Magic{"\x28\xB5\x2F\xFD"sv, ContentKind::kUnknown, "a zstd archive, which hides what it holds"},
};

/// Protocols 2 and later begin with PROTO; 0 and 1 are text, of which the beginnings that load
/// something are known: a global (c), a mark and a container.
bool looks_like_pickle(std::string_view bytes) {
  if (bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 1 && bytes[1] <= 5) return true;
  if (bytes.starts_with("(dp") || bytes.starts_with("(lp") || bytes.starts_with("(i")) return true;
  const std::size_t line_end = bytes.find('\n');
  return bytes.starts_with('c') && line_end != std::string_view::npos && line_end < 64 &&
         bytes.substr(1, line_end - 1)
                 .find_first_not_of(
                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") ==
             std::string_view::npos &&
         bytes.substr(line_end + 1).find('\n') != std::string_view::npos &&
         bytes.find("\n(") != std::string_view::npos;
}

/// safetensors: the length of a JSON header, then the header.
bool looks_like_safetensors(std::string_view bytes) {
  if (bytes.size() < 9 || bytes[8] != '{') return false;
  return bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
}

/// The cut may go through a character: up to three bytes of it may be missing.
bool is_text(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return false;
  for (std::size_t cut = 0; cut < 4 && cut <= bytes.size(); ++cut)
    if (base::is_valid_utf8(bytes.substr(0, bytes.size() - cut)))
      return cut == 0 || bytes.size() == kContentBytes;
  return false;
}

}  // namespace

Content content_of(std::string_view bytes) {
  bytes = bytes.substr(0, kContentBytes);
  for (const Magic& magic : kMagics)
    if (bytes.starts_with(magic.bytes)) return {magic.kind, magic.what};
  if (looks_like_pickle(bytes))
    return {ContentKind::kExecutable, "a Python pickle, which runs code when it is loaded"};
  if (looks_like_safetensors(bytes)) return {ContentKind::kWeights, "a safetensors file"};
  if (!is_text(bytes)) return {ContentKind::kUnknown, "of no format known to be harmless"};
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '[') &&
      !bytes.substr(first).starts_with("{{") && !bytes.substr(first).starts_with("{%") &&
      !bytes.substr(first).starts_with("{#"))
    return {ContentKind::kJson, "JSON"};
  return {ContentKind::kText, "text"};
}

base::Result<Content> content_of_file(const base::UniqueFd& file) {
  std::string first(kContentBytes, '\0');
  const ssize_t got = ::pread(file.get(), first.data(), first.size(), 0);
  if (got < 0) return base::fail(base::Code::kIo, "cannot read: {}", std::strerror(errno));
  return content_of(std::string_view(first).substr(0, static_cast<std::size_t>(got)));
}

}  // namespace nearside::package
