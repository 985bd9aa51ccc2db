// Any text, cut anywhere: what was replaced comes back, and no more is held back than allowed.
#include <cctype>
#include <cstdint>
#include <cstdlib>

#include "policy/pseudonyms/pseudonymizer.h"
#include "policy/pseudonyms/stream_restorer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearside::policy;
  static const Labeler labeler = *Labeler::create({});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  PseudonymTable table;
  table.avoid(text);
  const Pseudonymizer pseudonymizer(labeler, usual_pseudonym_detectors());
  const auto sent = pseudonymizer.replace(text, table);
  if (!sent) return 0;
  StreamRestorer restorer(table);
  std::string back;
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 17;
  for (std::size_t at = 0; at < sent->size(); at += step) {
    back += restorer.push(std::string_view(*sent).substr(at, step));
    if (restorer.held_bytes() > table.placeholder_bytes_max()) std::abort();
  }
  back += restorer.finish();
  // The first spelling comes back: equal but for case, white space and how digits are grouped.
  const auto letters = [](std::string_view of) {
    std::string out;
    for (const char c : of)
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80)
        out += static_cast<char>(c & ~0x20);
    return out;
  };
  const std::string a = letters(back), b = letters(text);
  if (a != b) std::abort();
  return 0;
}
