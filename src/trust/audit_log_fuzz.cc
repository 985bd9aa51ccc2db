// Any bytes as an audit log, signed by a key that has signed nothing; and as edits of a log that
// holds: each must be found.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "trust/audit_log.h"

using namespace nearside;
using namespace nearside::trust;

namespace {

/// A log of five entries and what verifies it.
struct Genuine {
  Genuine() {
    std::string folder = (std::filesystem::temp_directory_path() / "audit_fuzz_XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) std::abort();
    {
      const base::SystemClock clock;
      auto log = AuditLog::open(folder + "/log", key, clock);
      for (int i = 0; log && i < 5; ++i)
        if (!log->append("key_refused", {{"client", std::to_string(i)}})) std::abort();
      if (!log) std::abort();
      head = log->head();
    }
    text = base::read_file(folder + "/log").value();
    std::filesystem::remove_all(folder);
  }
  PrivateKey key = PrivateKey::generate(KeyKind::kEd25519);
  AuditHead head;
  std::string text;
};

/// Five bytes an edit: what, where, how much or which byte. Few, so that the log stays short.
std::string edited(std::string text, std::string_view edits) {
  constexpr int kEditsMax = 6;
  const auto byte = [&](std::size_t at) -> std::size_t {
    return static_cast<unsigned char>(edits[at]);
  };
  for (int i = 0; i < kEditsMax && edits.size() >= 5 && !text.empty(); ++i) {
    const std::size_t at = (byte(1) << 8 | byte(2)) % text.size();
    const std::size_t count =
        std::min<std::size_t>((byte(3) << 8 | byte(4)) % 1024, text.size() - at);
    switch (byte(0) % 5) {
      case 0:
        text[at] = edits[4];
        break;
      case 1:
        text.erase(at, count);
        break;
      case 2:
        text.insert(at, text.substr(text.size() - count));
        break;
      case 3:
        std::rotate(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), text.end());
        break;
      default:
        text.insert(at, edits.substr(5));
        return text;
    }
    edits.remove_prefix(5);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Genuine genuine;
  static const PublicKey key = genuine.key.public_key();
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  const AuditReport report = verify_audit_log(log, key, std::nullopt);
  // Whatever it says, it is not the key's: only a log without entries holds.
  if (report.findings.empty() && report.head.entries != 0) __builtin_trap();
  if (report.findings.size() > 100) __builtin_trap();
  if (const auto head = AuditHead::parse(log)) {
    if (AuditHead::parse(head->text())->hash != head->hash) __builtin_trap();
    static_cast<void>(verify_audit_log(log, key, *head));
  }
  const std::string changed = edited(genuine.text, log);
  const bool holds = verify_audit_log(changed, key, genuine.head).findings.empty();
  if (holds != (changed == genuine.text)) __builtin_trap();
  return 0;
}
