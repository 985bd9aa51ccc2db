// Sentences with known entities, as measured and trained with: JSON lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/detectors/detector.h"

namespace nearside::policy {

/// One entity that somebody labelled.
struct TrueSpan {
  Span span;         // bytes
  std::string type;  // as the file calls it: "PERSON", "GPE", ...
};

struct LabelledText {
  std::string text;
  std::vector<TrueSpan> spans;       // in order of their beginnings
  std::int64_t template_number = 0;  // texts made from one sentence shape share it; 0: none
};

/// Lines of {"text": ..., "spans": [[begin, end, "TYPE"], ...], "template_id": n (optional)}; begin
/// and end count Unicode code points, the end is exclusive. Errors: kInvalidArgument with the line.
base::Result<std::vector<LabelledText>> parse_labelled_texts(std::string_view lines);

}  // namespace nearside::policy
