// An answer that may be written on by another target when the first cuts it off.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/event.h"
#include "gateway/dialect.h"
#include "policy/decide.h"
#include "policy/rules.h"

namespace nearside::gateway {

/// Whether answers of such a request may be written on at all: streams of one plain text, where
/// policy and caller want it. Not tool calls that must come, forms, log-probabilities, several
/// choices, templates (their guard reads one answer), nor cascades (they hold their streams).
bool may_resume(const policy::Objective& objective, std::optional<bool> wished, const Asked& asked,
                const policy::Decision& decision, bool uses_template);

chat::Usage sum(const chat::Usage& one, const chat::Usage& other);

/// What was sent of an answer and, once it broke off, who writes on. One seam an answer. Not
/// thread-safe.
class Resume {
 public:
  /// An answer that grew past this is not written on; it would have to be kept and read again.
  static constexpr std::size_t kTextBytesMax = std::size_t{1} << 20;

  /// A piece was sent to the client.
  void sent(const chat::Event& event);
  /// From here on nobody may write on.
  void forbid() { possible_ = false; }
  /// A text was begun and nothing else is under way.
  [[nodiscard]] bool possible() const { return possible_ && !seam() && !text_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

  /// The answer broke off here, for `why`, after `used`; `decision` says who may write on.
  /// REQUIRES: possible().
  void begin(policy::Decision decision, std::vector<std::string> tried, base::Error why,
             const chat::Usage& used);
  [[nodiscard]] bool seam() const { return decision_.has_value(); }

  // REQUIRES: seam().
  [[nodiscard]] const policy::Decision& decision() const { return *decision_; }
  /// The next in rank that was not asked before; null: there is none.
  const policy::Considered* next();
  [[nodiscard]] const base::Error& why() const { return why_; }
  /// Of the attempts before the seam.
  [[nodiscard]] const chat::Usage& used() const { return used_; }
  /// What the client gets of an event of whoever writes on. Thoughts are left out, since their
  /// place is before the text. A target that begins the answer again instead of writing on has
  /// failed with kUnsupported: for that, pieces that read like the answer's beginning are held back
  /// for as long as they do, up to kBeginningBytes. `used`: by it so far.
  std::vector<chat::Event> pass(chat::Event event, const chat::Usage& used);

 private:
  /// Long enough to be no chance, short enough to hold back no more than a line; of a shorter text
  /// than the least nothing can be told.
  static constexpr std::size_t kBeginningBytes = 48;
  static constexpr std::size_t kBeginningBytesLeast = 16;

  bool possible_ = true;
  std::string text_;
  std::optional<policy::Decision> decision_;
  std::vector<std::string> tried_;
  std::size_t next_rank_ = 0;
  base::Error why_;
  chat::Usage used_;
  bool comparing_ = false;
  std::string held_;
};

}  // namespace nearside::gateway
