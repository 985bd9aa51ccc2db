// What was found in texts that were read before, so that a conversation's history is read once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "policy/scanner.h"

namespace nearside::policy {

/// What reading one text gave.
struct TextFindings {
  struct Count {
    std::size_t detector_index = 0;
    std::size_t count = 0;
  };
  std::vector<Count> counts;  // of detectors that found something, in their order
  std::vector<Hit> hits;      // the first kFindingsKept
};

/// A bounded table from texts to findings. It keeps no text: an entry's name is a keyed hash of
/// tenant and text, so nobody who reads the memory can try texts against it, and how fast a request
/// is labelled tells one tenant nothing of another's. The entry that was used longest ago goes
/// first. What a scanner finds depends on the text alone, so what is remembered is exactly what a
/// second reading would find; a memory therefore belongs to one scanner. Thread-safe.
class TextMemory {
 public:
  struct Options {
    base::HashKey key;          // random and secret
    std::size_t bytes_max = 0;  // of entries; 0: nothing is remembered
  };
  /// Reading less than this costs no more than hashing it and taking the lock: about 2 us.
  static constexpr std::size_t kTextBytesMin = 64;

  explicit TextMemory(const Options& options) : options_(options) {}

  /// Empty for texts that are too short to be kept.
  [[nodiscard]] std::optional<base::KeyedHash> name(std::string_view tenant,
                                                    std::string_view text) const;
  [[nodiscard]] std::optional<TextFindings> find(const base::KeyedHash& name);
  void remember(const base::KeyedHash& name, const TextFindings& findings);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Entry {
    base::KeyedHash name;
    TextFindings findings;
  };
  static std::size_t bytes_of(const TextFindings& findings);

  const Options options_;
  mutable std::mutex mutex_;  // guards what follows
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<base::KeyedHash, std::list<Entry>::iterator> places_;
  std::size_t bytes_ = 0;
};

}  // namespace nearside::policy
