#include "cli/kv_option.h"

#include <map>
#include <string>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace nearside::cli {

void add_kv_option(CLI::App& command, model::KvType& type) {
  const std::map<std::string, model::KvType> names{{"f16", model::KvType::kF16},
                                                   {"q8_0", model::KvType::kQ8_0}};
  command.add_option("--kv", type, "what keys and values are kept in: f16 (default) or q8_0")
      ->transform(CLI::CheckedTransformer(names));
}

}  // namespace nearside::cli
