// Judged answers as files hold them: JSON lines or CSV.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/quality/quality_model.h"

namespace nearside::policy {

/// Reads prompts with scores by target.
///
/// JSON lines, each an object with "prompt" (or "turns": its first) and the scores in one of the
/// ways that public sets have: "scores": {target: 0..1}, "models": {target: {"score": s} or
/// [s, ...]}, "NAME_ok": 0 or 1, or "target" with "good" (true, false or 0..1). Lines with
/// "contaminated": 1 are left out, as those who published them do, and lines whose "prompt" is
/// null: what a node keeps of feedback about requests whose text it does not keep.
///
/// CSV with a header that names at least prompt, target and good (RFC 4180: quotes, doubled quotes,
/// line breaks inside quotes). Lines of one prompt that follow each other are joined.
///
/// Errors: kInvalidArgument with the line: no prompt, no score, a score outside 0 to 1, broken
/// quotes, a missing column.
base::Result<std::vector<JudgedPrompt>> parse_judged_prompts(std::string_view content);

}  // namespace nearside::policy
