// The labeller: what the scanner finds in a conversation's texts, made into a label.
#include <algorithm>

#include <fmt/format.h>

#include "policy/detectors/registry.h"
#include "policy/label.h"
#include "policy/scanner.h"
#include "policy/taint.h"
#include "policy/text_memory.h"
#include "policy/words.h"

namespace nearside::policy {

namespace {

std::string where(std::size_t message_index) {
  return message_index == kToolsIndex ? "outside the messages"
                                      : fmt::format("in message {}", message_index);
}

void insert_sorted(std::vector<std::string>& list, const std::string& item) {
  const auto at = std::lower_bound(list.begin(), list.end(), item);
  if (at == list.end() || *at != item) list.insert(at, item);
}

/// What one detector found in a conversation.
struct Tally {
  std::size_t count = 0;
  std::size_t first_message = 0;
};

/// What was read so far.
struct Reading {
  std::vector<Tally> tallies;  // by detector
  std::vector<Finding> findings;
  std::size_t findings_count = 0;
  std::size_t scanned_bytes = 0;
};

}  // namespace

struct Labeler::State {
  State(const LabelRules& wanted, Scanner made, std::vector<Regions> of_words,
        const LabelMemory& memory)
      : rules(wanted),
        scanner(std::move(made)),
        regions(std::move(of_words)),
        texts({memory.key, memory.bytes_max}) {}

  const LabelRules rules;
  const Scanner scanner;
  const std::vector<Regions> regions;  // by detector
  TextMemory texts;

  base::Status read_text(const Document& document, std::string_view tenant, Reading& reading);
  std::vector<Finding> findings_of(const std::vector<Hit>& hits) const;
  base::Result<TextFindings> findings_in(std::string_view text) const;
  void describe_findings(const Reading& reading, Label& label) const;
  void describe_earlier(const std::vector<std::string>& found_by, Label& label) const;
  void describe_regions(Label& label) const;
  /// The detector found something: its level, category and regions are the label's.
  void take_detector(std::size_t index, Label& label) const;
};

namespace {

base::Result<std::vector<Detector>> wanted_detectors(const LabelRules& rules,
                                                     std::vector<Regions>& regions) {
  std::vector<Detector> out;
  std::vector<Detector> known = all_detectors();
  for (Detector& detector : tagged_detectors()) known.push_back(std::move(detector));
  for (const auto& rule : rules.detectors) {
    const std::string& name = rule.first;
    if (std::none_of(known.begin(), known.end(),
                     [&](const auto& detector) { return detector.name == name; }))
      return base::fail(base::Code::kInvalidArgument, "there is no detector '{}'", name);
  }
  for (Detector& detector : known) {
    const auto rule = rules.detectors.find(detector.name);
    if (rule != rules.detectors.end()) {
      if (!rule->second.enabled) continue;
      detector.sensitivity = rule->second.sensitivity;
    }
    out.push_back(std::move(detector));
    regions.emplace_back();
  }
  for (const WordList& list : rules.words) {
    out.push_back(TRY(words_detector(list)));
    regions.push_back(list.regions);
  }
  return out;
}

}  // namespace

Labeler::Labeler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Labeler::Labeler(Labeler&&) noexcept = default;
Labeler& Labeler::operator=(Labeler&&) noexcept = default;
Labeler::~Labeler() = default;

base::Result<Labeler> Labeler::create(const LabelRules& rules, const LabelMemory& memory) {
  std::vector<Regions> regions;
  std::vector<Detector> detectors = TRY(wanted_detectors(rules, regions));
  Scanner scanner = TRY(Scanner::create(std::move(detectors)));
  return Labeler(std::make_unique<State>(rules, std::move(scanner), std::move(regions), memory));
}

std::vector<Finding> Labeler::State::findings_of(const std::vector<Hit>& hits) const {
  std::vector<Finding> findings;
  findings.reserve(hits.size());
  for (const Hit& hit : hits)
    findings.push_back(
        {scanner.detectors()[hit.detector_index].name, 0, hit.span.begin, hit.span.end});
  return findings;
}

base::Result<TextFindings> Labeler::State::findings_in(std::string_view text) const {
  std::vector<Hit> hits;
  TRY(scanner.scan(text, hits));
  std::vector<std::size_t> counts(hits.empty() ? 0 : scanner.detectors().size());
  for (const Hit& hit : hits) ++counts[hit.detector_index];
  TextFindings found;
  for (std::size_t d = 0; d < counts.size(); ++d)
    if (counts[d] > 0) found.counts.push_back({d, counts[d]});
  hits.resize(std::min(hits.size(), kFindingsKept));
  found.hits = std::move(hits);
  return found;
}

base::Status Labeler::State::read_text(const Document& document, std::string_view tenant,
                                       Reading& reading) {
  const auto name = texts.name(tenant, document.text);
  std::optional<TextFindings> found = name ? texts.find(*name) : std::nullopt;
  if (!found) {
    found = TRY(findings_in(document.text));
    reading.scanned_bytes += document.text.size();
    if (name) texts.remember(*name, *found);
  }
  for (const TextFindings::Count& one : found->counts) {
    Tally& tally = reading.tallies[one.detector_index];
    if (tally.count == 0) tally.first_message = document.message_index;
    tally.count += one.count;
    reading.findings_count += one.count;
  }
  for (const Hit& hit : found->hits)
    if (reading.findings.size() < kFindingsKept)
      reading.findings.push_back({scanner.detectors()[hit.detector_index].name,
                                  document.message_index, hit.span.begin, hit.span.end});
  return {};
}

void Labeler::State::take_detector(std::size_t index, Label& label) const {
  const Detector& detector = scanner.detectors()[index];
  label.sensitivity = std::max(label.sensitivity, detector.sensitivity);
  insert_sorted(label.categories, detector.category);
  insert_sorted(label.detectors, detector.name);
  label.regions = label.regions.intersect(regions[index]);
}

void Labeler::State::describe_findings(const Reading& reading, Label& label) const {
  for (std::size_t d = 0; d < reading.tallies.size(); ++d) {
    const Tally& tally = reading.tallies[d];
    if (tally.count == 0) continue;
    const Detector& detector = scanner.detectors()[d];
    take_detector(d, label);
    label.reasons.push_back(fmt::format(
        "{}: {} found {} time{}, first {}", sensitivity_name(detector.sensitivity), detector.name,
        tally.count, tally.count == 1 ? "" : "s", where(tally.first_message)));
  }
}

void Labeler::State::describe_earlier(const std::vector<std::string>& found_by,
                                      Label& label) const {
  const auto& known = scanner.detectors();
  for (std::size_t d = 0; d < known.size(); ++d) {
    const std::string& name = known[d].name;
    if (!std::binary_search(found_by.begin(), found_by.end(), name) ||
        std::binary_search(label.detectors.begin(), label.detectors.end(), name))
      continue;
    take_detector(d, label);
    label.reasons.push_back(fmt::format("{}: {} found earlier in this conversation",
                                        sensitivity_name(known[d].sensitivity), name));
  }
}

void Labeler::State::describe_regions(Label& label) const {
  for (const std::string& category : label.categories) {
    const auto allowed = rules.category_regions.find(category);
    if (allowed == rules.category_regions.end()) continue;
    label.regions = label.regions.intersect(allowed->second);
    label.reasons.push_back(
        fmt::format("category {} may be processed in: {}", category, allowed->second.text()));
  }
}

base::Result<Label> Labeler::label(const Conversation& conversation,
                                   std::optional<Sensitivity> at_least) const {
  LabelContext context;
  context.at_least = at_least;
  return label(conversation, context);
}

base::Result<Label> Labeler::label(const Conversation& conversation,
                                   const LabelContext& context) const {
  Reading reading;
  reading.tallies.resize(state_->scanner.detectors().size());
  for (const Document& document : conversation.documents())
    TRY(state_->read_text(document, context.tenant, reading));

  Label label;
  label.sensitivity = state_->rules.base;
  label.reasons.push_back(
      fmt::format("{}: the least any request is here", sensitivity_name(label.sensitivity)));
  const auto demand = [&](Sensitivity level, std::string_view why) {
    label.demanded = std::max(label.demanded, level);
    if (level <= label.sensitivity) return;
    label.sensitivity = level;
    label.reasons.push_back(fmt::format("{}: {}", sensitivity_name(level), why));
  };
  state_->describe_findings(reading, label);
  if (conversation.attachments_count() > 0) {
    label.demanded = std::max(label.demanded, state_->rules.attachments);
    label.sensitivity = std::max(label.sensitivity, state_->rules.attachments);
    insert_sorted(label.categories, "attachment");
    label.reasons.push_back(fmt::format("{}: {} part(s) that are no text and cannot be read",
                                        sensitivity_name(state_->rules.attachments),
                                        conversation.attachments_count()));
  }
  if (context.at_least) demand(*context.at_least, "demanded by the request or its tenant");
  if (context.earlier != nullptr) {
    demand(context.earlier->level, "an earlier turn of this conversation was");
    state_->describe_earlier(context.earlier->detectors, label);
  }
  state_->describe_regions(label);
  label.findings = std::move(reading.findings);
  label.findings_count = reading.findings_count;
  label.scanned_bytes = reading.scanned_bytes;
  return label;
}

Sensitivity Labeler::sensitivity_without(const Label& label,
                                         const std::vector<std::string>& found_by) const {
  Sensitivity level = std::max(state_->rules.base, label.demanded);
  for (const Detector& detector : state_->scanner.detectors()) {
    const auto in = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), detector.name) != list.end();
    };
    if (in(label.detectors) && !in(found_by)) level = std::max(level, detector.sensitivity);
  }
  return level;
}

base::Result<std::vector<Finding>> Labeler::find(std::string_view text) const {
  std::vector<Hit> hits;
  TRY(state_->scanner.scan(text, hits));
  return state_->findings_of(without_overlaps(std::move(hits), state_->scanner.detectors()));
}

base::Result<std::vector<Finding>> Labeler::find_all(std::string_view text) const {
  std::vector<Hit> hits;
  TRY(state_->scanner.scan(text, hits));
  return state_->findings_of(hits);
}

}  // namespace nearside::policy
