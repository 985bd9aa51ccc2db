#include "model/architectures.h"

#include <string>

namespace nearside::model {

using base::Code;
using base::fail;

namespace {

constexpr Architecture kArchitectures[] = {
    {"llama", build_llama},      // also Mistral
    {"qwen2", build_qwen2},      // also Qwen 2.5
    {"qwen3", build_qwen3},      //
    {"gemma3", build_gemma3},    //
    {"smollm3", build_smollm3},  //
    {"granite", build_granite},  //
    {"phi3", build_phi3},        //
    {"gemma2", build_gemma2},    //
    {"qwen3moe", build_qwen3moe, /*has_experts=*/true},
    {"gpt-oss", build_gpt_oss, /*has_experts=*/true},
    {"bert", build_bert},  // makes vectors only
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

base::Result<std::unique_ptr<Model>> Model::load(const gguf::File& file,
                                                 const kernels::Table& table, std::size_t threads) {
  const std::string_view name = TRY(file.get_string("general.architecture"));
  for (const Architecture& architecture : architectures()) {
    if (architecture.name != name) continue;
    const Hyperparameters shape = TRY(read_hyperparameters(file));
    if (shape.experts > 0 && !architecture.has_experts)
      return fail(Code::kUnsupported,
                  "metadata {} is set: mixtures of experts are not supported in this architecture",
                  metadata_key(shape.architecture, "expert_count"));
    TensorReader tensors(file, table);
    std::unique_ptr<Model> model = TRY(architecture.build(file, shape, tensors));
    TRY(tensors.pack(threads));
    return model;
  }
  std::string known;
  for (const Architecture& architecture : architectures())
    known.append(known.empty() ? "" : ", ").append(architecture.name);
  return fail(Code::kUnsupported, "architecture \"{}\" is not supported; known are {}", name,
              known);
}

}  // namespace nearside::model
