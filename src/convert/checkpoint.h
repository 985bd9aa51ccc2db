// A checkpoint as model hubs hand it out: a folder with config.json, tokenizer.json and
// safetensors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "convert/safetensors.h"

namespace nearside::convert {

inline constexpr std::size_t kShardsMax = 1024;

/// Immutable after opening.
class Checkpoint {
 public:
  /// Errors: kNotFound (a file that has to be there is not), kCorrupt, kTooLarge, kUnsupported,
  /// kIo.
  static base::Result<Checkpoint> open(const std::string& folder);

  [[nodiscard]] const base::json::object& config() const { return config_; }
  [[nodiscard]] const base::json::object& tokenizer() const { return tokenizer_; }
  /// tokenizer_config.json; empty where there is none.
  [[nodiscard]] const base::json::object& tokenizer_config() const { return tokenizer_config_; }
  /// "" where there is none.
  [[nodiscard]] const std::string& chat_template() const { return chat_template_; }
  [[nodiscard]] const std::vector<Safetensors>& shards() const { return shards_; }
  /// The folder's own name.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  base::json::object config_;
  base::json::object tokenizer_;
  base::json::object tokenizer_config_;
  std::string chat_template_;
  std::string name_;
  std::vector<Safetensors> shards_;
};

/// A whole number of config.json. Errors: kCorrupt (missing, or not from 1 to `most`).
base::Result<std::uint64_t> config_count(const base::json::object& config, std::string_view key,
                                         std::uint64_t most);
/// `otherwise` where it is missing or null. Errors: kCorrupt (not a finite number).
base::Result<double> config_number(const base::json::object& config, std::string_view key,
                                   double otherwise);

}  // namespace nearside::convert
