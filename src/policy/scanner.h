// Everything there is to find in one text: the patterns' automaton, then the tagger.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/detectors/detector.h"
#include "policy/tagger/tagger.h"

namespace nearside::policy {

/// Something found: by which detector, where.
struct Hit {
  std::size_t detector_index = 0;
  Span span;
};

/// Compiled once, then shared by all threads.
class Scanner {
 public:
  /// Detectors without patterns whose names are entity_name()s stand for the tagger's entities; if
  /// there is none, the tagger does not run. Errors: kInternal (a pattern does not compile).
  static base::Result<Scanner> create(std::vector<Detector> detectors);
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;
  ~Scanner();

  [[nodiscard]] const std::vector<Detector>& detectors() const { return detectors_; }

  /// Appends the hits of each detector in order. What a pattern found is not reported again as a
  /// name. Linear in the text. Errors: kInternal (the scan failed, a text of 4 GiB).
  base::Status scan(std::string_view text, std::vector<Hit>& hits) const;

 private:
  struct Room;  // what one scan needs; kept for the next
  struct State;
  explicit Scanner(std::vector<Detector> detectors);
  base::Status compile();
  [[nodiscard]] base::Result<std::unique_ptr<Room>> take_room() const;
  void put_room(std::unique_ptr<Room> room) const;

  std::vector<Detector> detectors_;
  std::unique_ptr<State> state_;
};

/// Values that overlap, reduced to the longest; of equal ones what a pattern found before what the
/// tagger found, then the earlier detector. Passages stay beside what stands in them. Sorted by
/// place.
std::vector<Hit> without_overlaps(std::vector<Hit> hits, const std::vector<Detector>& detectors);

}  // namespace nearside::policy
