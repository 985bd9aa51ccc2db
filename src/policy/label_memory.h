// What was found in earlier turns, so that a conversation's history is read once and its
// sensitivity stays.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "policy/label.h"

namespace nearside::policy {

/// What one detector found in a conversation so far.
struct Tally {
  std::size_t count = 0;
  std::size_t first_message = 0;
};

/// Everything known after reading the beginning of a conversation.
struct LabelProgress {
  std::vector<Tally> tallies;  // by detector of the labeller that wrote it
  std::vector<Finding> findings;
  std::size_t findings_count = 0;
  Sensitivity sensitivity = Sensitivity::kPublic;  // of the turn that ended here
};

/// A bounded table from beginnings of conversations to what is known after them. Holds no text: a
/// beginning is a chain of keyed hashes over tenant and messages. The oldest entry goes first; a
/// conversation that is forgotten is read whole again, which loses only a sensitivity that was
/// demanded and not found. One memory belongs to one Labeler: a new configuration begins a new one.
/// Thread-safe.
class LabelMemory {
 public:
  /// `key` must be random and secret. An entry takes about 1 KiB.
  LabelMemory(base::HashKey key, std::size_t entries_max);

  /// The name of a conversation's beginning, message by message. `so_far` is start() or the last.
  [[nodiscard]] base::KeyedHash start(std::string_view tenant) const;
  [[nodiscard]] base::KeyedHash extend(const base::KeyedHash& so_far, std::string_view text) const;

  [[nodiscard]] std::optional<LabelProgress> find(const base::KeyedHash& beginning);
  void remember(const base::KeyedHash& beginning, LabelProgress progress);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    base::KeyedHash beginning;
    LabelProgress progress;
  };
  const base::HashKey key_;
  const std::size_t entries_max_;
  mutable std::mutex mutex_;  // guards what follows
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<base::KeyedHash, std::list<Entry>::iterator> places_;
};

}  // namespace nearside::policy
