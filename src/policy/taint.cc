#include "policy/taint.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/check.h"

namespace nearside::policy {

void Taint::merge(const Taint& other) {
  level = std::max(level, other.level);
  std::vector<std::string> both;
  std::set_union(detectors.begin(), detectors.end(), other.detectors.begin(), other.detectors.end(),
                 std::back_inserter(both));
  detectors = std::move(both);
}

Taint taint_of(const Label& label) { return {label.demanded, label.detectors}; }

TaintMemory::TaintMemory(base::HashKey key, Options options) : key_(key), options_(options) {
  CHECK(options.entries_max > 0);
}

base::KeyedHash TaintMemory::name(std::string_view text) const {
  return base::keyed_hash(key_, text);
}

base::KeyedHash TaintMemory::name(const base::KeyedHash& before, std::string_view text) const {
  // The text's hash is taken for itself, so that no long text has to be copied behind the name.
  const base::KeyedHash parts[] = {before, base::keyed_hash(key_, text)};
  char joined[sizeof parts];
  std::memcpy(joined, parts, sizeof parts);
  return base::keyed_hash(key_, {joined, sizeof joined});
}

void TaintMemory::forget_old(base::SteadyTime now) {
  while (!entries_.empty() && now - entries_.back().used > options_.unused_max) {
    places_.erase(entries_.back().name);
    entries_.pop_back();
  }
}

std::optional<Taint> TaintMemory::find(const base::KeyedHash& name, base::SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  const auto place = places_.find(name);
  if (place == places_.end()) return std::nullopt;
  place->second->used = now;
  entries_.splice(entries_.begin(), entries_, place->second);
  return place->second->taint;
}

void TaintMemory::remember(const base::KeyedHash& name, const Taint& taint, base::SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  forget_old(now);
  if (const auto place = places_.find(name); place != places_.end()) {
    place->second->taint.merge(taint);
    place->second->used = now;
    entries_.splice(entries_.begin(), entries_, place->second);
    return;
  }
  if (entries_.size() == options_.entries_max) {
    places_.erase(entries_.back().name);
    entries_.pop_back();
  }
  entries_.push_front({name, taint, now});
  places_.emplace(name, entries_.begin());
}

std::size_t TaintMemory::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace nearside::policy
