// Whatever a server sends, in whatever pieces: every reader ends with one answer or one error, and
// believes no impossible figure.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "upstream/provider.h"

namespace {

using namespace nearside;  // a program of its own

void check(const upstream::Provider& provider, const char* type, std::string_view bytes,
           std::size_t piece, bool embedding) {
  chat::Request request;
  if (embedding) request.kind = chat::Request::Kind::kEmbedding;
  request.inputs = {"a", "b"};
  const auto reader = provider.reader(request, {{"content-type", type}});
  const auto emit = [](const chat::Event& event) {
    if (std::holds_alternative<chat::Finished>(event) ||
        std::holds_alternative<chat::Failed>(event))
      std::abort();
  };
  while (!bytes.empty()) {
    if (!reader->feed(bytes.substr(0, piece), emit)) return;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  const chat::Event end = reader->end({}, emit);
  if (!std::holds_alternative<chat::Finished>(end) && !std::holds_alternative<chat::Failed>(end))
    std::abort();
  if (reader->usage().prompt_tokens > 10'000'000'000U) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::vector<std::string_view> names = upstream::provider_names();
  const auto provider = upstream::find_provider(names[data[0] % names.size()]);
  const std::size_t piece = 1 + data[1] % 64U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  for (const char* type : {"text/event-stream", "application/json", "application/x-ndjson",
                           "application/vnd.amazon.eventstream"})
    for (const bool embedding : {false, true}) check(**provider, type, bytes, piece, embedding);
  return 0;
}
