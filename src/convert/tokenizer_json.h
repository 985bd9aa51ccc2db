// tokenizer.json (and its companions) as the `tokenizer.ggml.*` metadata of a GGUF file.
//
// Byte-level BPE becomes model "gpt2" with the pre-tokenizer that its splitting expression names.
// BPE over characters with byte fallback (what SentencePiece models become in that format) becomes
// model "llama": there, a token's score is its place in the vocabulary, as SentencePiece's BPE has
// it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "convert/checkpoint.h"
#include "gguf/writer.h"

namespace nearside::convert {

/// Ids that the vocabulary does not name up to `vocabulary` (the embedding's rows) become unused
/// tokens. Errors: kCorrupt (a field that is missing or cannot be), kUnsupported (another kind of
/// model or splitting).
base::Status write_tokenizer(const Checkpoint& checkpoint, std::uint64_t vocabulary,
                             gguf::Writer& writer);

}  // namespace nearside::convert
