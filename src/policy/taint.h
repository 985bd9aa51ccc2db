// What was once sensitive in a conversation, kept for its follow-ups.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/keyed_hash.h"
#include "policy/label.h"

namespace nearside::policy {

/// Why follow-ups are sensitive whatever they say themselves. Levels that findings explain are kept
/// as the detectors' names, so that categories, regions and rules that go with them hold too, and
/// so that a level which pseudonyms would lower is told from one that was demanded.
struct Taint {
  Sensitivity level = Sensitivity::kPublic;  // demanded, or of parts that cannot be read
  std::vector<std::string> detectors;        // that found something; sorted, each once

  void merge(const Taint& other);
  bool operator==(const Taint&) const = default;
};

/// What a label hands on.
Taint taint_of(const Label& label);

/// A bounded table from names of conversations, or of what was said in them, to their taint. Holds
/// no text: names are keyed hashes. Entries only grow more sensitive. An entry leaves when it was
/// not used for `unused_max`, or as the least recently used when there are `entries_max`.
/// Thread-safe.
class TaintMemory {
 public:
  struct Options {
    std::size_t entries_max = 16'384;  // about 300 bytes each
    std::chrono::milliseconds unused_max{std::chrono::hours(24)};
  };
  /// `key` must be random and secret.
  TaintMemory(base::HashKey key, Options options);

  /// Names: a beginning, and what follows a name.
  [[nodiscard]] base::KeyedHash name(std::string_view text) const;
  [[nodiscard]] base::KeyedHash name(const base::KeyedHash& before, std::string_view text) const;

  [[nodiscard]] std::optional<Taint> find(const base::KeyedHash& name, base::SteadyTime now);
  void remember(const base::KeyedHash& name, const Taint& taint, base::SteadyTime now);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    base::KeyedHash name;
    Taint taint;
    base::SteadyTime used;
  };
  void forget_old(base::SteadyTime now);

  const base::HashKey key_;
  const Options options_;
  mutable std::mutex mutex_;  // guards what follows
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<base::KeyedHash, std::list<Entry>::iterator> places_;
};

}  // namespace nearside::policy
