#include "policy/label_memory.h"

#include <cstring>

namespace nearside::policy {

LabelMemory::LabelMemory(base::HashKey key, std::size_t entries_max)
    : key_(key), entries_max_(entries_max) {
  CHECK(entries_max > 0);
}

base::KeyedHash LabelMemory::start(std::string_view tenant) const {
  return base::keyed_hash(key_, tenant);
}

base::KeyedHash LabelMemory::extend(const base::KeyedHash& so_far, std::string_view text) const {
  // The text's hash is taken for itself, so that no long text has to be copied behind the chain.
  const base::KeyedHash own = base::keyed_hash(key_, text);
  char link[sizeof so_far + sizeof own];
  std::memcpy(link, &so_far, sizeof so_far);
  std::memcpy(link + sizeof so_far, &own, sizeof own);
  return base::keyed_hash(key_, {link, sizeof link});
}

std::optional<LabelProgress> LabelMemory::find(const base::KeyedHash& beginning) {
  const std::scoped_lock lock(mutex_);
  const auto place = places_.find(beginning);
  if (place == places_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, place->second);
  return place->second->progress;
}

void LabelMemory::remember(const base::KeyedHash& beginning, LabelProgress progress) {
  const std::scoped_lock lock(mutex_);
  if (const auto place = places_.find(beginning); place != places_.end()) {
    // Two requests ended alike: the higher sensitivity holds for both.
    progress.sensitivity = std::max(progress.sensitivity, place->second->progress.sensitivity);
    place->second->progress = std::move(progress);
    entries_.splice(entries_.begin(), entries_, place->second);
    return;
  }
  if (entries_.size() == entries_max_) {
    places_.erase(entries_.back().beginning);
    entries_.pop_back();
  }
  entries_.push_front({beginning, std::move(progress)});
  places_.emplace(beginning, entries_.begin());
}

std::size_t LabelMemory::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace nearside::policy
