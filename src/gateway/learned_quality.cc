#include "gateway/learned_quality.h"

#include <mutex>

#include "base/file.h"
#include "policy/quality/good_chances.h"

namespace nearside::gateway {

base::Result<std::unique_ptr<LearnedQuality>> LearnedQuality::open(const QualityConfig& config) {
  policy::QualityModel model;
  base::Result<std::string> bytes = config.learned.empty()
                                        ? base::fail(base::Code::kNotFound, "nothing was learned")
                                        : base::read_file(config.learned);
  std::string from = config.learned;
  if (!bytes && bytes.error().code == base::Code::kNotFound && !config.model.empty()) {
    bytes = base::read_file(config.model);
    from = config.model;
    if (!bytes) return std::move(bytes).error().with_context("quality.model");
  }
  if (!bytes && bytes.error().code != base::Code::kNotFound)
    return std::move(bytes).error().with_context("quality.learned");
  if (bytes) {
    auto parsed = policy::QualityModel::parse(*bytes);
    if (!parsed) return std::move(parsed).error().with_context(from);
    model = *std::move(parsed);
  }
  return std::unique_ptr<LearnedQuality>(new LearnedQuality(config.learned, std::move(model)));
}

std::map<std::string, double> LearnedQuality::chances(std::string_view prompt,
                                                      std::span<const policy::Target> targets,
                                                      const std::string& language) const {
  const std::shared_lock lock(mutex_);
  return policy::good_chances(model_.predict(prompt), targets, language);
}

base::Status LearnedQuality::learn(std::string_view prompt, const std::string& target,
                                   double good) {
  const std::unique_lock lock(mutex_);
  TRY(model_.learn(prompt, target, good));
  changed_ = true;
  return {};
}

base::Status LearnedQuality::save() {
  std::string bytes;
  {
    const std::unique_lock lock(mutex_);
    if (!changed_ || file_.empty()) return {};
    bytes = model_.serialize();
    changed_ = false;
  }
  base::Status written = base::write_file_atomic(file_, bytes);
  if (written) return written;
  const std::unique_lock lock(mutex_);
  changed_ = true;
  return std::move(written).error().with_context("quality.learned");
}

}  // namespace nearside::gateway
