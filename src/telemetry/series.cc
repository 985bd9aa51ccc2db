#include "telemetry/series.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

namespace nearside::telemetry {

namespace {

/// `a="b",c="d"`, escaped as the text format 0.0.4 wants it.
std::string render_labels(const std::vector<std::string>& names,
                          std::initializer_list<std::string_view> values) {
  std::string out;
  auto name = names.begin();
  for (const std::string_view value : values) {
    if (!out.empty()) out += ',';
    out += *name++;
    out += "=\"";
    for (const char c : value) {
      if (c == '\n')
        out += "\\n";
      else if (c == '"' || c == '\\')
        (out += '\\') += c;
      else
        out += c;
    }
    out += '"';
  }
  return out;
}

std::string braces(const std::string& labels, std::string_view more = {}) {
  if (labels.empty() && more.empty()) return {};
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || more.empty() ? "" : ",", more);
}

void render_series(std::string& out, const std::string& name, const std::string& labels,
                   const Number& number, std::span<const double>) {
  out += fmt::format("{}{} {}\n", name, braces(labels), number.get());
}

void render_series(std::string& out, const std::string& name, const std::string& labels,
                   const Histogram& histogram, std::span<const double> bounds) {
  for (std::size_t i = 0; i < bounds.size(); ++i)
    out += fmt::format("{}_bucket{} {}\n", name,
                       braces(labels, fmt::format("le=\"{}\"", bounds[i])), histogram.at_most(i));
  const std::uint64_t all = histogram.at_most(bounds.size());
  out += fmt::format("{}_bucket{} {}\n", name, braces(labels, "le=\"+Inf\""), all);
  out += fmt::format("{}_sum{} {}\n", name, braces(labels), histogram.sum());
  out += fmt::format("{}_count{} {}\n", name, braces(labels), all);
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), counts_(bounds.size() + 1) {}

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(bound - bounds_.begin())].fetch_add(1,
                                                                       std::memory_order_relaxed);
  sum_.add(value);
}

std::uint64_t Histogram::at_most(std::size_t index) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= index; ++i) sum += counts_[i].load(std::memory_order_relaxed);
  return sum;
}

template <typename Series>
Family<Series>::Family(std::string name, std::string help, std::vector<std::string> label_names,
                       std::span<const double> bounds)
    : name_(std::move(name)),
      help_(std::move(help)),
      label_names_(std::move(label_names)),
      bounds_(bounds) {}

template <typename Series>
Series& Family<Series>::at(std::initializer_list<std::string_view> labels) {
  std::string key = render_labels(label_names_, labels);
  {
    const std::shared_lock lock(mutex_);
    const auto found = series_.find(key);
    if (found != series_.end()) return *found->second;
  }
  const std::scoped_lock lock(mutex_);
  if (series_.size() >= kSeriesMax)
    key = fmt::format("{}=\"other\"", label_names_.empty() ? "" : label_names_[0]);
  auto& slot = series_[std::move(key)];
  if (!slot) slot = std::make_unique<Series>(bounds_);
  return *slot;
}

template <typename Series>
void Family<Series>::render(std::string& out, std::string_view type) const {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_, type);
  const std::shared_lock lock(mutex_);
  for (const auto& [labels, series] : series_) render_series(out, name_, labels, *series, bounds_);
}

template class Family<Number>;
template class Family<Histogram>;

}  // namespace nearside::telemetry
