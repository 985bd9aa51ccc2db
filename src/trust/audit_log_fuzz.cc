// Any bytes as an audit log, signed by a key that has signed nothing.
#include <cstdint>

#include "trust/audit_log.h"

using namespace nearside::trust;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const PublicKey key = PrivateKey::generate(KeyKind::kEd25519).public_key();
  const std::string_view log(reinterpret_cast<const char*>(data), size);
  const AuditReport report = verify_audit_log(log, key, std::nullopt);
  // Whatever it says, it is not the key's: only a log without entries holds.
  if (report.findings.empty() && report.head.entries != 0) __builtin_trap();
  if (report.findings.size() > 100) __builtin_trap();
  if (const auto head = AuditHead::parse(log)) {
    if (AuditHead::parse(head->text())->hash != head->hash) __builtin_trap();
    static_cast<void>(verify_audit_log(log, key, *head));
  }
  return 0;
}
