#include "cli/kv_option.h"

namespace nearside::cli {

void add_kv_option(App& command, model::KvType& type) {
  command.add_choice(
      "--kv", {"f16", "q8_0"},
      [&type](std::size_t chosen) {
        type = chosen == 0 ? model::KvType::kF16 : model::KvType::kQ8_0;
      },
      "what keys and values are kept in: f16 (default) or q8_0");
}

}  // namespace nearside::cli
