#include "policy/text_memory.h"

#include <cstring>

namespace nearside::policy {

std::optional<base::KeyedHash> TextMemory::name(std::string_view tenant,
                                                std::string_view text) const {
  if (options_.bytes_max == 0 || text.size() < kTextBytesMin) return std::nullopt;
  // Two hashes joined by a third, so that no long text has to be copied behind the tenant.
  const base::KeyedHash parts[] = {base::keyed_hash(options_.key, tenant),
                                   base::keyed_hash(options_.key, text)};
  char joined[sizeof parts];
  std::memcpy(joined, parts, sizeof parts);
  return base::keyed_hash(options_.key, {joined, sizeof joined});
}

std::optional<TextFindings> TextMemory::find(const base::KeyedHash& name) {
  const std::scoped_lock lock(mutex_);
  const auto place = places_.find(name);
  if (place == places_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, place->second);
  return place->second->findings;
}

void TextMemory::remember(const base::KeyedHash& name, const TextFindings& findings) {
  const std::size_t bytes = bytes_of(findings);
  if (bytes > options_.bytes_max) return;
  const std::scoped_lock lock(mutex_);
  if (places_.contains(name)) return;  // two requests read the same text at once
  while (bytes_ + bytes > options_.bytes_max) {
    bytes_ -= bytes_of(entries_.back().findings);
    places_.erase(entries_.back().name);
    entries_.pop_back();
  }
  entries_.push_front({name, findings});
  places_.emplace(name, entries_.begin());
  bytes_ += bytes;
}

std::size_t TextMemory::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

/// What an entry takes with its place in list and table, allocation overhead included.
std::size_t TextMemory::bytes_of(const TextFindings& findings) {
  constexpr std::size_t kPlaceBytes = 96;
  return sizeof(Entry) + kPlaceBytes + findings.counts.size() * sizeof(TextFindings::Count) +
         findings.hits.size() * sizeof(Hit);
}

}  // namespace nearside::policy
