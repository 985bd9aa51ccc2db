// The model families we know: one line each in architectures.cc, one file each beside it.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/hyperparameters.h"
#include "model/model.h"
#include "model/tensor_reader.h"

namespace nearside::model {

/// Builds a model of one family from its checked hyper-parameters.
using Build = base::Result<std::unique_ptr<Model>> (*)(const gguf::File& file,
                                                       const Hyperparameters& shape,
                                                       TensorReader& tensors);

struct Architecture {
  std::string_view name;  // general.architecture
  Build build;
  bool has_experts = false;  // its feed-forward blocks may be mixtures
};

[[nodiscard]] std::span<const Architecture> architectures();

base::Result<std::unique_ptr<Model>> build_llama(const gguf::File&, const Hyperparameters&,
                                                 TensorReader&);
base::Result<std::unique_ptr<Model>> build_qwen2(const gguf::File&, const Hyperparameters&,
                                                 TensorReader&);
base::Result<std::unique_ptr<Model>> build_qwen3(const gguf::File&, const Hyperparameters&,
                                                 TensorReader&);
base::Result<std::unique_ptr<Model>> build_gemma3(const gguf::File&, const Hyperparameters&,
                                                  TensorReader&);
base::Result<std::unique_ptr<Model>> build_smollm3(const gguf::File&, const Hyperparameters&,
                                                   TensorReader&);
base::Result<std::unique_ptr<Model>> build_granite(const gguf::File&, const Hyperparameters&,
                                                   TensorReader&);
base::Result<std::unique_ptr<Model>> build_phi3(const gguf::File&, const Hyperparameters&,
                                                TensorReader&);
base::Result<std::unique_ptr<Model>> build_gemma2(const gguf::File&, const Hyperparameters&,
                                                  TensorReader&);
base::Result<std::unique_ptr<Model>> build_qwen3moe(const gguf::File&, const Hyperparameters&,
                                                    TensorReader&);
base::Result<std::unique_ptr<Model>> build_gpt_oss(const gguf::File&, const Hyperparameters&,
                                                   TensorReader&);
base::Result<std::unique_ptr<Model>> build_bert(const gguf::File&, const Hyperparameters&,
                                                TensorReader&);

}  // namespace nearside::model
