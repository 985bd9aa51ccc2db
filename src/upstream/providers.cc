#include "upstream/providers.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nearside::upstream {
namespace {

std::array<const Provider*, 1> all() {
  return {
      &openai_provider(),
  };
}

}  // namespace

base::Result<const Provider*> find_provider(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Provider* provider : all()) {
    if (provider->name() == name) return provider;
    names.push_back(provider->name());
  }
  return base::fail(base::Code::kNotFound, "no provider is called '{}'; there is: {}", name,
                    fmt::join(names, ", "));
}

}  // namespace nearside::upstream
