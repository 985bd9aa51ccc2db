// From what the quality model predicts to what a quote says.
#pragma once

#include <map>
#include <span>
#include <string>

#include "policy/quality/quality_model.h"
#include "policy/target.h"

namespace nearside::policy {

/// So many judged answers weigh as much as the figure that somebody configured: a dozen opinions
/// are worth about what an expert's guess is, hundreds outweigh it.
inline constexpr double kPriorWeight = 12;

/// The chance of a good answer for each target that the model has judged. Formula: prior + w x
/// (estimate - prior), w = trust(familiarity) x judged / (judged + kPriorWeight): what is far from
/// everything the model has seen, or rarely judged, stays at the configured figure. Targets without
/// one get the estimate, which leans to their average by itself. `language` as Ask::language.
std::map<std::string, double> good_chances(const std::map<std::string, QualityEstimate>& estimates,
                                           std::span<const Target> targets,
                                           const std::string& language);

}  // namespace nearside::policy
