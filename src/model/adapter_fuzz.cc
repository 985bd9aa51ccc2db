// What a hostile adapter file may be: any bytes must become an adapter that fits or an error.
#include <cstddef>
#include <cstdint>
#include <span>

#include "gguf/file.h"
#include "kernels/tables.h"
#include "model/adapter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearside;
  model::Hyperparameters base;
  base.architecture = "llama";
  base.layers = 2;
  base.embedding = 32;
  base.ffn = 48;
  base.heads = 4;
  base.kv_heads = 2;
  base.head_dim = 8;
  base.vocabulary = 258;
  auto file = gguf::File::from_bytes(std::as_bytes(std::span(data, size)), "adapter");
  if (!file) return 0;
  const auto adapter =
      model::Adapter::load(std::move(*file), "adapter", base, kernels::best_table());
  if (adapter && (*adapter)->parameters() == 0) __builtin_trap();
  return 0;
}
