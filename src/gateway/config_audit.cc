// `audit`: where the audit log is kept, and who signs it.
#include "gateway/config_reader.h"

namespace nearside::gateway {

void read_audit(base::YamlMap& root, Draft& draft) {
  const base::YamlNode* node = root.take("audit");
  if (node == nullptr) return;
  base::YamlMap map(*node, "audit", draft.problems);
  AuditConfig& audit = draft.config.audit;
  map.need("file", "where the audit log is written");
  map.need("key_file", "the private key (PEM) that signs it: openssl genpkey -algorithm ed25519");
  if (map.text("file", audit.file)) audit.file = resolve_path(draft, audit.file);
  if (map.text("key_file", audit.key_file)) audit.key_file = resolve_path(draft, audit.key_file);
}

}  // namespace nearside::gateway
