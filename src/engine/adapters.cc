#include "engine/adapters.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "gguf/file.h"

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;

namespace {

// Far past any use; larger ones make every score infinite.
constexpr float kScaleMax = 100.0F;

}  // namespace

base::Status Adapters::add(const std::string& name, base::MappedFile file,
                           const model::Hyperparameters& base, const kernels::Table& table) {
  if (by_name_.contains(name))
    return fail(Code::kInvalidArgument, "two adapters are called {}; rename one", name);
  if (by_name_.size() >= kAdaptersMax)
    return fail(Code::kTooLarge, "a model may have {} adapters at most", kAdaptersMax);
  gguf::File parsed = TRY(gguf::File::from_mapping(std::move(file), "adapter " + name));
  by_name_.emplace(name, TRY(model::Adapter::load(std::move(parsed), name, base, table)));
  return {};
}

Result<std::optional<model::RowAdapter>> Adapters::find(const chat::Request& request) const {
  if (request.adapters.empty()) return std::optional<model::RowAdapter>();
  if (request.adapters.size() > 1)
    return fail(Code::kUnsupported,
                "the request asks for {} adapters; one at a time can be applied",
                request.adapters.size());
  const chat::Adapter& wanted = request.adapters.front();
  const auto found = by_name_.find(wanted.name);
  if (found == by_name_.end()) {
    std::string known;
    for (const auto& [name, adapter] : by_name_) known.append(known.empty() ? "" : ", ") += name;
    return fail(Code::kInvalidArgument, "no adapter {} is loaded with this model; known are: {}",
                wanted.name, known.empty() ? "none" : known);
  }
  if (!(std::fabs(wanted.scale) <= kScaleMax))
    return fail(Code::kInvalidArgument, "the adapter's scale is {}, but must lie between {} and {}",
                wanted.scale, -kScaleMax, kScaleMax);
  return std::optional(model::RowAdapter{.adapter = found->second.get(), .scale = wanted.scale});
}

std::string prefix_space(const std::string& tenant, const chat::Request& request) {
  std::string space = tenant;
  for (const chat::Adapter& adapter : request.adapters) {
    space.push_back('\0');  // in no tenant's name
    space += fmt::format("{} {}", adapter.scale, adapter.name);
  }
  return space;
}

}  // namespace nearside::engine
