// The node's quality model: asked by every decision, taught by feedback while it serves.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/config.h"
#include "policy/quality/quality_model.h"
#include "policy/target.h"

namespace nearside::gateway {

/// Thread-safe: decisions read at once, a lesson waits for them and they for it (a fraction of a
/// millisecond).
class LearnedQuality {
 public:
  /// Reads config.learned if it is there, else config.model if one is named, else begins with
  /// nothing. Errors: those of reading the file, kCorrupt (no quality model), with its name.
  static base::Result<std::unique_ptr<LearnedQuality>> open(const QualityConfig& config);

  /// By target; targets that nobody has judged are missing. See policy::good_chances.
  [[nodiscard]] std::map<std::string, double> chances(std::string_view prompt,
                                                      std::span<const policy::Target> targets,
                                                      const std::string& language) const;

  /// Errors: those of QualityModel::learn.
  base::Status learn(std::string_view prompt, const std::string& target, double good);

  /// Writes what was learned since the last time to config.learned, in one piece; nothing when
  /// nothing was or no such file is named. Errors: kIo; the next call tries again.
  base::Status save();

 private:
  LearnedQuality(std::string file, policy::QualityModel model)
      : file_(std::move(file)), model_(std::move(model)) {}

  const std::string file_;
  mutable std::shared_mutex mutex_;  // guards model_ and changed_
  policy::QualityModel model_;
  bool changed_ = false;
};

}  // namespace nearside::gateway
