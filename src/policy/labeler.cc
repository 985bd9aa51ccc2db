// The labeller: what the scanner finds in a conversation's texts, made into a label.
#include <algorithm>

#include <fmt/format.h>

#include "policy/detectors/registry.h"
#include "policy/label.h"
#include "policy/label_memory.h"
#include "policy/scanner.h"
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

/// The texts with those that belong to no message first: they stay when messages are added.
std::vector<const Document*> in_lasting_order(const Conversation& conversation) {
  std::vector<const Document*> out;
  for (const bool wanted : {true, false})
    for (const Document& document : conversation.documents())
      if ((document.message_index == kToolsIndex) == wanted) out.push_back(&document);
  return out;
}

}  // namespace

struct Labeler::State {
  LabelRules rules;
  Scanner scanner;
  std::vector<Regions> regions;  // by detector

  /// Reads the texts that the memory does not know, and says which were known.
  base::Result<LabelProgress> read(const Conversation& conversation, const LabelContext& context,
                                   base::KeyedHash& beginning) const;
  base::Status read_text(const Document& document, LabelProgress& progress) const;
  void describe_findings(const LabelProgress& progress, Label& label) const;
  void describe_regions(Label& label) const;
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

base::Result<Labeler> Labeler::create(const LabelRules& rules) {
  std::vector<Regions> regions;
  std::vector<Detector> detectors = TRY(wanted_detectors(rules, regions));
  Scanner scanner = TRY(Scanner::create(std::move(detectors)));
  return Labeler(std::make_unique<State>(State{rules, std::move(scanner), std::move(regions)}));
}

base::Status Labeler::State::read_text(const Document& document, LabelProgress& progress) const {
  std::vector<Hit> hits;
  TRY(scanner.scan(document.text, hits));
  for (const Hit& hit : hits) {
    Tally& tally = progress.tallies[hit.detector_index];
    if (tally.count++ == 0) tally.first_message = document.message_index;
    ++progress.findings_count;
    if (progress.findings.size() < kFindingsKept)
      progress.findings.push_back({scanner.detectors()[hit.detector_index].name,
                                   document.message_index, hit.span.begin, hit.span.end});
  }
  return {};
}

base::Result<LabelProgress> Labeler::State::read(const Conversation& conversation,
                                                 const LabelContext& context,
                                                 base::KeyedHash& beginning) const {
  const std::vector<const Document*> documents = in_lasting_order(conversation);
  LabelProgress progress;
  std::size_t known = 0;
  if (context.memory != nullptr) {
    std::vector<base::KeyedHash> chain{context.memory->start(context.tenant)};
    for (const Document* document : documents)
      chain.push_back(context.memory->extend(chain.back(), document->text));
    beginning = chain.back();
    for (std::size_t count = documents.size(); count > 0; --count) {
      auto found = context.memory->find(chain[count]);
      if (!found) continue;
      progress = std::move(*found);
      known = count;
      break;
    }
    // The very same texts again are no later turn: whoever asks now chooses the level himself.
    if (known == documents.size()) progress.sensitivity = Sensitivity::kPublic;
  }
  progress.tallies.resize(scanner.detectors().size());
  for (std::size_t i = known; i < documents.size(); ++i) TRY(read_text(*documents[i], progress));
  return progress;
}

void Labeler::State::describe_findings(const LabelProgress& progress, Label& label) const {
  for (std::size_t d = 0; d < progress.tallies.size(); ++d) {
    const Tally& tally = progress.tallies[d];
    if (tally.count == 0) continue;
    const Detector& detector = scanner.detectors()[d];
    label.sensitivity = std::max(label.sensitivity, detector.sensitivity);
    insert_sorted(label.categories, detector.category);
    label.regions = label.regions.intersect(regions[d]);
    label.reasons.push_back(fmt::format(
        "{}: {} found {} time{}, first {}", sensitivity_name(detector.sensitivity), detector.name,
        tally.count, tally.count == 1 ? "" : "s", where(tally.first_message)));
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
  base::KeyedHash beginning;
  LabelProgress progress = TRY(state_->read(conversation, context, beginning));
  std::optional<base::KeyedHash> named;
  Sensitivity before = progress.sensitivity;
  if (context.memory != nullptr && !context.conversation.empty()) {
    named = context.memory->extend(context.memory->start(context.tenant),
                                   fmt::format("conversation:{}", context.conversation));
    if (const auto known = context.memory->find(*named))
      before = std::max(before, known->sensitivity);
  }

  Label label;
  label.sensitivity = state_->rules.base;
  label.reasons.push_back(
      fmt::format("{}: the least any request is here", sensitivity_name(label.sensitivity)));
  state_->describe_findings(progress, label);
  if (conversation.attachments_count() > 0) {
    label.sensitivity = std::max(label.sensitivity, state_->rules.attachments);
    insert_sorted(label.categories, "attachment");
    label.reasons.push_back(fmt::format("{}: {} part(s) that are no text and cannot be read",
                                        sensitivity_name(state_->rules.attachments),
                                        conversation.attachments_count()));
  }
  if (context.at_least && *context.at_least > label.sensitivity) {
    label.sensitivity = *context.at_least;
    label.reasons.push_back(fmt::format("{}: demanded by the request or its tenant",
                                        sensitivity_name(*context.at_least)));
  }
  if (before > label.sensitivity) {
    label.sensitivity = before;
    label.reasons.push_back(
        fmt::format("{}: an earlier turn of this conversation was", sensitivity_name(before)));
  }
  state_->describe_regions(label);

  if (context.memory != nullptr) {
    progress.sensitivity = label.sensitivity;
    if (named) {
      LabelProgress level;
      level.sensitivity = label.sensitivity;
      context.memory->remember(*named, std::move(level));
    }
    label.findings = progress.findings;
    label.findings_count = progress.findings_count;
    context.memory->remember(beginning, std::move(progress));
    return label;
  }
  label.findings = std::move(progress.findings);
  label.findings_count = progress.findings_count;
  return label;
}

base::Result<std::vector<Finding>> Labeler::find(std::string_view text) const {
  std::vector<Hit> hits;
  TRY(state_->scanner.scan(text, hits));
  std::vector<Finding> findings;
  for (const Hit& hit : without_overlaps(std::move(hits), state_->scanner.detectors()))
    findings.push_back(
        {state_->scanner.detectors()[hit.detector_index].name, 0, hit.span.begin, hit.span.end});
  return findings;
}

}  // namespace nearside::policy
