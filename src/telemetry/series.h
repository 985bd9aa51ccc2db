// Counters, gauges and histograms with labels, and Prometheus' text of them.
//
// Our own hundred lines instead of a library: the serving path touches about ten series a request,
// and a lookup here is one hash of a short string instead of a map of label strings built for each.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nearside::telemetry {

/// A number that threads add to or set.
class Number {
 public:
  explicit Number(std::span<const double> = {}) {}  // as Histogram, for Family
  void add(double amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] double get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Counts observations by upper bound.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);
  /// Observations at most bound `index`; index == bounds: all.
  [[nodiscard]] std::uint64_t at_most(std::size_t index) const;
  [[nodiscard]] double sum() const { return sum_.get(); }

 private:
  std::span<const double> bounds_;                  // static tables
  std::vector<std::atomic<std::uint64_t>> counts_;  // one more than bounds: the rest
  Number sum_;
};

/// All series of one name. `labels` are the values in the order of the names given at creation. The
/// returned reference lives as long as the family. Thread-safe.
template <typename Series>
class Family {
 public:
  Family(std::string name, std::string help, std::vector<std::string> label_names,
         std::span<const double> bounds = {});

  Series& at(std::initializer_list<std::string_view> labels);
  /// "# HELP", "# TYPE" and one line or block a series, in the order of their labels.
  void render(std::string& out, std::string_view type) const;

  /// Past this many, further label values share one series labelled "other": a bound on memory
  /// whatever a caller passes.
  static constexpr std::size_t kSeriesMax = 1024;

 private:
  const std::string name_, help_;
  const std::vector<std::string> label_names_;
  const std::span<const double> bounds_;
  mutable std::shared_mutex mutex_;  // guards series_; the series themselves are atomic
  std::map<std::string, std::unique_ptr<Series>, std::less<>> series_;  // by rendered labels
};

extern template class Family<Number>;
extern template class Family<Histogram>;

}  // namespace nearside::telemetry
