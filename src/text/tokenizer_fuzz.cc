// Hostile vocabularies and hostile texts: two bytes of length, a text, a model file.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "gguf/file.h"
#include "text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using nearside::text::Tokenizer;
  if (size < 2) return 0;
  const std::span<const std::uint8_t> input(data + 2, size - 2);
  const std::size_t text_bytes = std::min<std::size_t>(data[0] + 256U * data[1], input.size());
  const std::string_view text(reinterpret_cast<const char*>(input.data()), text_bytes);
  const auto file =
      nearside::gguf::File::from_bytes(std::as_bytes(input.subspan(text_bytes)), "fuzz");
  if (!file) return 0;
  const auto tokenizer = Tokenizer::from_gguf(*file);
  if (!tokenizer) return 0;
  for (const auto special : {Tokenizer::Special::kIgnore, Tokenizer::Special::kParse}) {
    const std::vector<nearside::text::TokenId> ids = (*tokenizer)->encode(text, special);
    for (const nearside::text::TokenId id : ids)
      CHECK(id >= 0 && static_cast<std::size_t>(id) < (*tokenizer)->size());
    static_cast<void>((*tokenizer)->decode_all(ids, true));
  }
  return 0;
}
