// What is known of a request's data: how sensitive, of which categories, where it may go, and why.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/keyed_hash.h"
#include "base/result.h"
#include "policy/document.h"
#include "policy/region.h"
#include "policy/sensitivity.h"

namespace nearside::policy {

/// Where a detector saw something. Never holds the value itself.
struct Finding {
  std::string detector;  // "iban", or "words:<category>"
  std::size_t message_index = 0;
  std::size_t begin = 0;  // byte offsets in that document's text
  std::size_t end = 0;
};

struct Label {
  Sensitivity sensitivity = Sensitivity::kInternal;
  std::vector<std::string> categories;  // sorted, each once
  Regions regions;
  std::vector<Finding> findings;   // the first kFindingsKept
  std::size_t findings_count = 0;  // all of them
  std::vector<std::string> reasons;
  /// What was demanded, now or earlier, by the request, its tenant, or parts that cannot be read;
  /// kPublic: nothing. The rest of the sensitivity comes from findings and from the base.
  Sensitivity demanded = Sensitivity::kPublic;
  std::vector<std::string> detectors;  // that found something, now or earlier; sorted, each once
  std::size_t scanned_bytes = 0;       // of texts that were not known from before
};

/// A label keeps this many findings; a prompt made of thousands of addresses needs no more to be
/// confidential.
inline constexpr std::size_t kFindingsKept = 64;

/// Words and phrases that mark a category, found without regard to case and only as whole words.
struct WordList {
  std::string category;
  Sensitivity sensitivity = Sensitivity::kConfidential;
  Regions regions;
  std::vector<std::string> words;
};

/// What a detector's finding does to the label.
struct DetectorRule {
  bool enabled = true;
  Sensitivity sensitivity = Sensitivity::kConfidential;
};

struct LabelRules {
  Sensitivity base = Sensitivity::kInternal;  // of a request in which nothing is found
  /// What cannot be read (images, audio, files) is at least this.
  Sensitivity attachments = Sensitivity::kConfidential;
  std::map<std::string, DetectorRule> detectors;    // by detector name; others keep their default
  std::map<std::string, Regions> category_regions;  // where data of a category may be processed
  std::vector<WordList> words;
};

/// A detector as the configuration and the documentation know it.
struct DetectorInfo {
  std::string name;
  std::string category;
  Sensitivity sensitivity;  // unless a rule says otherwise
};

struct Taint;

/// What the caller knows of a conversation, besides its texts.
struct LabelContext {
  std::optional<Sensitivity> at_least;  // raises the label and never lowers it
  const Taint* earlier = nullptr;       // what earlier turns hand on; likewise
  std::string_view tenant;              // texts are remembered for each tenant apart
};

/// Where texts that were read are remembered; see text_memory.h.
struct LabelMemory {
  base::HashKey key;          // random and secret
  std::size_t bytes_max = 0;  // 0: nothing is remembered
};

/// Every detector there is, in order of registration: patterns, then what the tagger knows.
std::vector<DetectorInfo> detectors();

/// Reads conversations. Linear in their length whatever they contain; texts that are remembered are
/// hashed (1 GB/s) and not read again. Thread-safe.
class Labeler {
 public:
  /// Compiles all patterns into one database (a third of a second of one core). Errors:
  /// kInvalidArgument (a word list that is empty or too long, an unknown detector name), kInternal
  /// (patterns do not compile).
  static base::Result<Labeler> create(const LabelRules& rules, const LabelMemory& memory = {});
  Labeler(Labeler&&) noexcept;
  Labeler& operator=(Labeler&&) noexcept;
  ~Labeler();

  /// The label of a whole conversation. Errors: kInternal (the scan failed): the caller must refuse
  /// the request, since nothing is known of it.
  [[nodiscard]] base::Result<Label> label(const Conversation& conversation,
                                          const LabelContext& context = {}) const;
  [[nodiscard]] base::Result<Label> label(const Conversation& conversation,
                                          std::optional<Sensitivity> at_least) const;

  /// Everything in one text, in order, without overlaps of values (of two, the longer): for people
  /// to look at. Errors: kInternal (the scan failed).
  [[nodiscard]] base::Result<std::vector<Finding>> find(std::string_view text) const;
  /// Everything, also where one value is part of another (an address inside a URL): for whoever has
  /// to know that it is there. Errors: kInternal (the scan failed).
  [[nodiscard]] base::Result<std::vector<Finding>> find_all(std::string_view text) const;

  /// How sensitive the labelled data would be without what these detectors found.
  [[nodiscard]] Sensitivity sensitivity_without(const Label& label,
                                                const std::vector<std::string>& found_by) const;

 private:
  struct State;
  explicit Labeler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nearside::policy
