#include "policy/scanner.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>
#include <tuple>

#include <hs.h>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

struct DatabaseCloser {
  void operator()(hs_database_t* database) const { hs_free_database(database); }
};
struct ScratchCloser {
  void operator()(hs_scratch_t* scratch) const { hs_free_scratch(scratch); }
};
using Database = std::unique_ptr<hs_database_t, DatabaseCloser>;
using Scratch = std::unique_ptr<hs_scratch_t, ScratchCloser>;

/// Where a pattern came from, by its number in the database.
struct Origin {
  std::size_t detector_index = 0;
  std::size_t pattern_index = 0;
};

constexpr std::size_t kNoDetector = static_cast<std::size_t>(-1);

bool overlap(const Span& a, const Span& b) { return a.begin < b.end && b.begin < a.end; }

/// What is left of a name when patterns claimed parts of it: what stands before the first of them,
/// else what stands after. `taken` is sorted and begins with the first that may overlap.
Span remainder(std::string_view text, Span span, std::span<const Span> taken) {
  const std::size_t end = span.end;
  for (const Span& one : taken) {
    if (one.begin >= span.end) break;
    if (one.end <= span.begin) continue;
    if (one.begin > span.begin) {
      span.end = one.begin;
      break;
    }
    span.begin = std::min(one.end, end);
  }
  if (span.end == end && taken.empty()) return span;
  const auto is_part = [&](std::size_t i) {
    return is_alnum(text[i]) || static_cast<unsigned char>(text[i]) >= 0x80;
  };
  while (span.begin < span.end && !is_part(span.begin)) ++span.begin;
  while (span.end > span.begin && span.end < end && !is_part(span.end - 1)) --span.end;
  return span;
}

}  // namespace

struct Scanner::Room {
  Scratch scratch;
  Tagger::Workspace tagging;
  std::vector<TaggedSpan> tagged;
  std::vector<std::size_t> last_hit;  // of each detector in this text, index into the hits + 1
};

struct Scanner::State {
  std::vector<Origin> origins;  // by pattern id
  Database database;
  Scratch prototype;
  std::array<std::size_t, kEntities> entity_detectors{};  // kNoDetector: not wanted
  bool tags = false;
  Tagger tagger{TagTable::shipped()};

  // The library wants one scratch space for each scan that runs; they are kept for the next scan.
  std::mutex mutex;  // guards idle
  std::vector<std::unique_ptr<Room>> idle;
};

namespace {

/// One scan of one text: what the callback needs.
struct Scan {
  const std::vector<Detector>& detectors;
  const std::vector<Origin>& origins;
  std::string_view text;
  std::vector<std::size_t>& last_hit;
  std::vector<Hit>& hits;

  /// Is a match that ends at `to` part of what a far-reaching detector has found?
  [[nodiscard]] bool known(std::size_t detector_index, std::size_t to) const {
    const std::size_t last = last_hit[detector_index];
    return last != 0 && detectors[detector_index].reaches_far && to <= hits[last - 1].span.end;
  }

  void found(std::size_t detector_index, Span span) {
    std::size_t& last = last_hit[detector_index];
    if (last != 0 && span.begin < hits[last - 1].span.end) {
      Span& known = hits[last - 1].span;  // the same thing seen by a second anchor
      known.end = std::max(known.end, span.end);
      return;
    }
    hits.push_back({detector_index, span});
    last = hits.size();
  }
};

int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned, void* context) {
  Scan& scan = *static_cast<Scan*>(context);
  const Origin origin = scan.origins[id];
  const Match match{scan.text, from, to, origin.pattern_index};
  if (scan.known(origin.detector_index, to)) return 0;
  if (const auto span = scan.detectors[origin.detector_index].find(match))
    scan.found(origin.detector_index, *span);
  return 0;
}

}  // namespace

Scanner::Scanner(std::vector<Detector> detectors)
    : detectors_(std::move(detectors)), state_(std::make_unique<State>()) {}
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;
Scanner::~Scanner() = default;

base::Result<Scanner> Scanner::create(std::vector<Detector> detectors) {
  Scanner scanner(std::move(detectors));
  State& state = *scanner.state_;
  for (std::size_t e = 0; e < kEntities; ++e) {
    state.entity_detectors[e] = kNoDetector;
    for (std::size_t d = 0; d < scanner.detectors_.size(); ++d)
      if (scanner.detectors_[d].patterns.empty() &&
          scanner.detectors_[d].name == entity_name(static_cast<Entity>(e))) {
        state.entity_detectors[e] = d;
        state.tags = true;
      }
  }
  TRY(scanner.compile());
  return scanner;
}

base::Status Scanner::compile() {
  std::vector<const char*> expressions;
  std::vector<unsigned> flags, ids;
  for (std::size_t d = 0; d < detectors_.size(); ++d)
    for (std::size_t p = 0; p < detectors_[d].patterns.size(); ++p) {
      const Pattern& pattern = detectors_[d].patterns[p];
      expressions.push_back(pattern.expression.c_str());
      flags.push_back((pattern.caseless ? HS_FLAG_CASELESS : 0U) |
                      (pattern.wants_begin ? HS_FLAG_SOM_LEFTMOST : 0U));
      ids.push_back(static_cast<unsigned>(state_->origins.size()));
      state_->origins.push_back({d, p});
    }
  if (expressions.empty()) return {};  // everything switched off: nothing to look for
  hs_database_t* raw = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(expressions.size()), HS_MODE_BLOCK, nullptr, &raw,
                       &error) != HS_SUCCESS) {
    const int index = error->expression;
    base::Error failure =
        base::fail(base::Code::kInternal, "the pattern '{}' does not compile: {}",
                   index >= 0 ? expressions[static_cast<std::size_t>(index)] : "", error->message);
    hs_free_compile_error(error);
    return failure;
  }
  state_->database.reset(raw);
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(raw, &scratch) != HS_SUCCESS)
    return base::fail(base::Code::kInternal, "no memory for the pattern automaton's scratch space");
  state_->prototype.reset(scratch);
  return {};
}

base::Result<std::unique_ptr<Scanner::Room>> Scanner::take_room() const {
  {
    const std::scoped_lock lock(state_->mutex);
    if (!state_->idle.empty()) {
      std::unique_ptr<Room> room = std::move(state_->idle.back());
      state_->idle.pop_back();
      return room;
    }
  }
  auto room = std::make_unique<Room>();
  if (state_->prototype) {
    hs_scratch_t* copy = nullptr;
    if (hs_clone_scratch(state_->prototype.get(), &copy) != HS_SUCCESS)
      return base::fail(base::Code::kInternal,
                        "no memory for the pattern automaton's scratch space");
    room->scratch.reset(copy);
  }
  return room;
}

void Scanner::put_room(std::unique_ptr<Room> room) const {
  const std::scoped_lock lock(state_->mutex);
  state_->idle.push_back(std::move(room));
}

base::Status Scanner::scan(std::string_view text, std::vector<Hit>& hits) const {
  // The library and the tagger count a text's bytes in 32 bits.
  if (text.size() > std::numeric_limits<unsigned>::max())
    return base::fail(base::Code::kInternal, "a text of 4 GiB or more cannot be labelled");
  std::unique_ptr<Room> room = TRY(take_room());
  const std::size_t first = hits.size();
  room->last_hit.assign(detectors_.size(), 0);
  if (state_->database) {
    Scan scan{detectors_, state_->origins, text, room->last_hit, hits};
    const hs_error_t status =
        hs_scan(state_->database.get(), text.data(), static_cast<unsigned>(text.size()), 0,
                room->scratch.get(), on_match, &scan);
    if (status != HS_SUCCESS)
      return base::fail(base::Code::kInternal, "the text could not be scanned (error {})", status);
  }
  if (state_->tags) {
    // Both lists grow from left to right, each hit of a pattern near where it was seen: sorting
    // makes the comparison linear.
    std::vector<Span> taken;
    taken.reserve(hits.size() - first);
    for (std::size_t i = first; i < hits.size(); ++i)
      if (!detectors_[hits[i].detector_index].passage) taken.push_back(hits[i].span);
    std::sort(taken.begin(), taken.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    room->tagged.clear();
    state_->tagger.find(text, room->tagging, room->tagged);
    std::size_t next = 0;
    for (const TaggedSpan& one : room->tagged) {
      const std::size_t detector = state_->entity_detectors[static_cast<std::size_t>(one.entity)];
      if (detector == kNoDetector) continue;
      while (next < taken.size() && taken[next].end <= one.span.begin) ++next;
      const Span rest = remainder(text, one.span, std::span(taken).subspan(next));
      if (rest.end > rest.begin) hits.push_back({detector, rest});
    }
  }
  put_room(std::move(room));
  return {};
}

std::vector<Hit> without_overlaps(std::vector<Hit> hits, const std::vector<Detector>& detectors) {
  const auto weight = [&](const Hit& hit) {
    const bool pattern = !detectors[hit.detector_index].patterns.empty();
    const std::size_t size = hit.span.end - hit.span.begin;
    return std::tuple(std::numeric_limits<std::size_t>::max() - size, !pattern, hit.detector_index);
  };
  std::sort(hits.begin(), hits.end(), [&](const Hit& a, const Hit& b) {
    return std::pair(a.span.begin, weight(a)) < std::pair(b.span.begin, weight(b));
  });
  std::vector<Hit> kept, passages;
  for (const Hit& hit : hits) {
    if (detectors[hit.detector_index].passage) {
      passages.push_back(hit);
      continue;
    }
    if (kept.empty() || !overlap(kept.back().span, hit.span)) {
      kept.push_back(hit);
    } else if (weight(hit) < weight(kept.back())) {
      // It begins later and says more; the two before cannot overlap it, or they would have met.
      kept.back() = hit;
    }
  }
  std::vector<Hit> all;
  std::merge(kept.begin(), kept.end(), passages.begin(), passages.end(), std::back_inserter(all),
             [](const Hit& a, const Hit& b) { return a.span.begin < b.span.begin; });
  return all;
}

}  // namespace nearside::policy
