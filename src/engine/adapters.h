// The LoRA adapters that a model was loaded with, by name.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/mapped_file.h"
#include "base/result.h"
#include "chat/request.h"
#include "kernels/table.h"
#include "model/adapter.h"
#include "model/batch.h"

namespace nearside::engine {

/// Not thread-safe.
class Adapters {
 public:
  /// Several names a model; a bound on what a configuration may ask for.
  static constexpr std::size_t kAdaptersMax = 64;

  /// Errors: those of gguf::File and model::Adapter::load; kInvalidArgument (a name that is taken),
  /// kTooLarge (one more than kAdaptersMax).
  base::Status add(const std::string& name, base::MappedFile file,
                   const model::Hyperparameters& base, const kernels::Table& table);
  /// What the request asks for; empty: the model as it is. The adapter lives as long as this.
  /// Errors: kInvalidArgument (a name that is not loaded, those that are being told; a scale that
  /// is no number within 100), kUnsupported (two at once).
  [[nodiscard]] base::Result<std::optional<model::RowAdapter>> find(
      const chat::Request& request) const;

 private:
  std::map<std::string, std::shared_ptr<const model::Adapter>, std::less<>> by_name_;
};

/// Whose computed prefixes a request may use: keys and values depend on the adapter, too. `tenant`
/// is empty where tenants share.
[[nodiscard]] std::string prefix_space(const std::string& tenant, const chat::Request& request);

}  // namespace nearside::engine
