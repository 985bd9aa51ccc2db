// What is known of a request's data: how sensitive, of which categories, where it may go, and why.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

class LabelMemory;

/// What the caller knows of a conversation, besides its texts.
struct LabelContext {
  std::optional<Sensitivity> at_least;  // raises the label and never lowers it
  /// Where earlier turns are remembered; null: every request is read whole and for itself.
  LabelMemory* memory = nullptr;
  std::string_view tenant;  // memories of tenants are apart
  std::string_view
      conversation;  // the caller's name for it, if any: keeps a label when history is cut
};

/// Every detector there is, in order of registration: patterns, then what the tagger knows.
std::vector<DetectorInfo> detectors();

/// Reads conversations. Linear in their length whatever they contain; with a memory, in the length
/// of what is new. Thread-safe after creation.
class Labeler {
 public:
  /// Compiles all patterns into one database (a third of a second of one core). Errors:
  /// kInvalidArgument (a word list that is empty or too long, an unknown detector name), kInternal
  /// (patterns do not compile).
  static base::Result<Labeler> create(const LabelRules& rules);
  Labeler(Labeler&&) noexcept;
  Labeler& operator=(Labeler&&) noexcept;
  ~Labeler();

  /// The label of a whole conversation. With a memory, what was once more sensitive stays so: the
  /// label is at least that of every earlier turn, whoever demanded it. Errors: kInternal (the scan
  /// failed): the caller must refuse the request, since nothing is known of it.
  [[nodiscard]] base::Result<Label> label(const Conversation& conversation,
                                          const LabelContext& context = {}) const;
  [[nodiscard]] base::Result<Label> label(const Conversation& conversation,
                                          std::optional<Sensitivity> at_least) const;

  /// Everything in one text, in order, without overlaps (of two, the longer).
  /// Errors: kInternal (the scan failed).
  [[nodiscard]] base::Result<std::vector<Finding>> find(std::string_view text) const;

 private:
  struct State;
  explicit Labeler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace nearside::policy
