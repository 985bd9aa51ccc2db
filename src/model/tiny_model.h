// Whole model files of a few hundred KiB in memory, one for each family: for tests of this room and
// of those above.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gguf/writer.h"
#include "model/synth.h"

namespace nearside::model {

/// Control tokens of the tiny vocabulary; the tokens before them are the 256 bytes, in order.
inline constexpr std::int32_t kTinyBos = 256;
inline constexpr std::int32_t kTinyEnd = 257;
inline constexpr std::size_t kTinyVocabulary = 258;

/// Two layers (gemma2: four, gemma3: seven, smollm3: five, so that both kinds of attention occur),
/// 32 wide,
/// context 256. REQUIRES: one of architectures().
SynthShape tiny_shape(std::string_view architecture);

/// A byte-level tokenizer with BOS, an end token and a chat template that writes
/// "<|bos|>role: content\n" for each message and "assistant:" at the end. Tensors and shape are for
/// the caller to add.
gguf::Writer tiny_vocabulary();

/// tiny_shape with random F32 weights and tiny_vocabulary, as the bytes of a GGUF file.
std::string tiny_file(std::string_view architecture, std::uint64_t seed = 1);
/// A LoRA adapter for tiny_file. REQUIRES: an architecture of synthesize_adapter.
std::string tiny_adapter_file(std::string_view architecture, std::uint64_t seed = 1);
inline constexpr std::size_t kTinyAdapterRank = 4;
/// Ready to be spoiled by tests: metadata added again replace those before.
gguf::Writer tiny_writer(std::string_view architecture, std::uint64_t seed = 1);

}  // namespace nearside::model
