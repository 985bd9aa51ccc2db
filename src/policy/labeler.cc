// The labeller: one automaton over all detectors' patterns, findings made into a label.
#include <algorithm>
#include <limits>
#include <mutex>

#include <fmt/format.h>
#include <hs.h>

#include "policy/detectors/registry.h"
#include "policy/label.h"
#include "policy/words.h"

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

/// What one detector found in one conversation.
struct Tally {
  std::size_t count = 0;
  std::size_t first_message = 0;
  Span last;
  std::size_t last_document = static_cast<std::size_t>(-1);
};

std::string where(std::size_t message_index) {
  return message_index == kToolsIndex ? "outside the messages"
                                      : fmt::format("in message {}", message_index);
}

void insert_sorted(std::vector<std::string>& list, const std::string& item) {
  const auto at = std::lower_bound(list.begin(), list.end(), item);
  if (at == list.end() || *at != item) list.insert(at, item);
}

}  // namespace

struct Labeler::State {
  LabelRules rules;
  std::vector<Detector> detectors;
  std::vector<Regions> regions;  // by detector
  std::vector<Origin> origins;   // by pattern id
  Database database;
  Scratch prototype;

  // The library wants one scratch space for each scan that runs; they are kept for the next scan.
  std::mutex mutex;  // guards idle
  std::vector<Scratch> idle;

  base::Status add_detectors();
  base::Status compile();
  base::Result<Scratch> take_scratch();
  void put_scratch(Scratch scratch);
};

namespace {

/// One scan of one conversation: what the callback needs, and what it found.
struct Scan {
  const std::vector<Detector>& detectors;
  const std::vector<Origin>& origins;
  std::vector<Tally> tallies;
  std::vector<Finding> findings = {};
  std::size_t findings_count = 0;
  std::string_view text = {};
  std::size_t message_index = 0;
  std::size_t document_index = 0;

  void found(std::size_t detector_index, Span span) {
    Tally& tally = tallies[detector_index];
    if (tally.last_document == document_index && span.begin < tally.last.end) {
      tally.last.end =
          std::max(tally.last.end, span.end);  // the same thing seen by a second anchor
      return;
    }
    if (tally.count++ == 0) tally.first_message = message_index;
    tally.last = span;
    tally.last_document = document_index;
    ++findings_count;
    if (findings.size() < kFindingsKept)
      findings.push_back({detectors[detector_index].name, message_index, span.begin, span.end});
  }
};

int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned, void* context) {
  Scan& scan = *static_cast<Scan*>(context);
  const Origin origin = scan.origins[id];
  const Match match{scan.text, from, to, origin.pattern_index};
  if (const auto span = scan.detectors[origin.detector_index].find(match))
    scan.found(origin.detector_index, *span);
  return 0;
}

}  // namespace

base::Status Labeler::State::add_detectors() {
  for (Detector& detector : all_detectors()) {
    const auto rule = rules.detectors.find(detector.name);
    if (rule != rules.detectors.end()) {
      if (!rule->second.enabled) continue;
      detector.sensitivity = rule->second.sensitivity;
    }
    detectors.push_back(std::move(detector));
    regions.emplace_back();
  }
  const std::vector<DetectorInfo> known = policy::detectors();
  for (const auto& rule : rules.detectors) {
    const std::string& name = rule.first;
    if (std::none_of(known.begin(), known.end(),
                     [&](const auto& info) { return info.name == name; }))
      return base::fail(base::Code::kInvalidArgument, "there is no detector '{}'", name);
  }
  for (const WordList& list : rules.words) {
    detectors.push_back(TRY(words_detector(list)));
    regions.push_back(list.regions);
  }
  return {};
}

base::Status Labeler::State::compile() {
  std::vector<const char*> expressions;
  std::vector<unsigned> flags, ids;
  for (std::size_t d = 0; d < detectors.size(); ++d)
    for (std::size_t p = 0; p < detectors[d].patterns.size(); ++p) {
      const Pattern& pattern = detectors[d].patterns[p];
      expressions.push_back(pattern.expression.c_str());
      flags.push_back((pattern.caseless ? HS_FLAG_CASELESS : 0U) |
                      (pattern.wants_begin ? HS_FLAG_SOM_LEFTMOST : 0U));
      ids.push_back(static_cast<unsigned>(origins.size()));
      origins.push_back({d, p});
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
  database.reset(raw);
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(database.get(), &scratch) != HS_SUCCESS)
    return base::fail(base::Code::kInternal, "no memory for the pattern automaton's scratch space");
  prototype.reset(scratch);
  return {};
}

base::Result<Scratch> Labeler::State::take_scratch() {
  {
    const std::scoped_lock lock(mutex);
    if (!idle.empty()) {
      Scratch scratch = std::move(idle.back());
      idle.pop_back();
      return scratch;
    }
  }
  hs_scratch_t* copy = nullptr;
  if (hs_clone_scratch(prototype.get(), &copy) != HS_SUCCESS)
    return base::fail(base::Code::kInternal, "no memory for the pattern automaton's scratch space");
  return Scratch(copy);
}

void Labeler::State::put_scratch(Scratch scratch) {
  const std::scoped_lock lock(mutex);
  idle.push_back(std::move(scratch));
}

Labeler::Labeler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Labeler::Labeler(Labeler&&) noexcept = default;
Labeler& Labeler::operator=(Labeler&&) noexcept = default;
Labeler::~Labeler() = default;

base::Result<Labeler> Labeler::create(const LabelRules& rules) {
  auto state = std::make_unique<State>();
  state->rules = rules;
  TRY(state->add_detectors());
  TRY(state->compile());
  return Labeler(std::move(state));
}

base::Result<Label> Labeler::label(const Conversation& conversation,
                                   std::optional<Sensitivity> at_least) const {
  Scan scan{state_->detectors, state_->origins, std::vector<Tally>(state_->detectors.size())};
  if (state_->database) {
    Scratch scratch = TRY(state_->take_scratch());
    for (const Document& document : conversation.documents()) {
      // The library counts a block's bytes in 32 bits.
      if (document.text.size() > std::numeric_limits<unsigned>::max())
        return base::fail(base::Code::kInternal, "a text of 4 GiB or more cannot be labelled");
      scan.text = document.text;
      scan.message_index = document.message_index;
      const hs_error_t status =
          hs_scan(state_->database.get(), document.text.data(),
                  static_cast<unsigned>(document.text.size()), 0, scratch.get(), on_match, &scan);
      if (status != HS_SUCCESS)
        return base::fail(base::Code::kInternal, "the text could not be scanned (error {})",
                          status);
      ++scan.document_index;
    }
    state_->put_scratch(std::move(scratch));
  }

  Label label;
  label.sensitivity = state_->rules.base;
  label.reasons.push_back(
      fmt::format("{}: the least any request is here", sensitivity_name(label.sensitivity)));
  for (std::size_t d = 0; d < scan.tallies.size(); ++d) {
    const Tally& tally = scan.tallies[d];
    if (tally.count == 0) continue;
    const Detector& detector = state_->detectors[d];
    label.sensitivity = std::max(label.sensitivity, detector.sensitivity);
    insert_sorted(label.categories, detector.category);
    label.regions = label.regions.intersect(state_->regions[d]);
    label.reasons.push_back(fmt::format(
        "{}: {} found {} time{}, first {}", sensitivity_name(detector.sensitivity), detector.name,
        tally.count, tally.count == 1 ? "" : "s", where(tally.first_message)));
  }
  if (conversation.attachments_count() > 0) {
    label.sensitivity = std::max(label.sensitivity, state_->rules.attachments);
    insert_sorted(label.categories, "attachment");
    label.reasons.push_back(fmt::format("{}: {} part(s) that are no text and cannot be read",
                                        sensitivity_name(state_->rules.attachments),
                                        conversation.attachments_count()));
  }
  if (at_least && *at_least > label.sensitivity) {
    label.sensitivity = *at_least;
    label.reasons.push_back(
        fmt::format("{}: demanded by the request or its tenant", sensitivity_name(*at_least)));
  }
  for (const std::string& category : label.categories) {
    const auto regions = state_->rules.category_regions.find(category);
    if (regions == state_->rules.category_regions.end()) continue;
    label.regions = label.regions.intersect(regions->second);
    label.reasons.push_back(
        fmt::format("category {} may be processed in: {}", category, regions->second.text()));
  }
  label.findings = std::move(scan.findings);
  label.findings_count = scan.findings_count;
  return label;
}

}  // namespace nearside::policy
