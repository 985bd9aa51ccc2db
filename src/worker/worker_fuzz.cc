// What a hostile worker may send: any bytes must become checked messages or an error.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/utf8.h"
#include "worker/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearside;
  using namespace nearside::worker;
  FrameReader reader(kFromWorkerBytesMax);
  reader.append({reinterpret_cast<const char*>(data), size});
  while (true) {
    const auto frame = reader.next();
    if (!frame || !*frame) return 0;
    const auto message = decode_from_worker(**frame);
    if (!message) return 0;
    if (const auto* happened = std::get_if<Happened>(&*message)) {
      if (const auto* delta = std::get_if<chat::TextDelta>(&happened->event))
        CHECK(base::is_valid_utf8(delta->text));
      // What was decoded is encoded to the same bytes.
      CHECK(encode_event(happened->id, happened->event).substr(kFrameHeaderBytes) ==
            (*frame)->payload);
    }
  }
}
