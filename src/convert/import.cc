#include "convert/import.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "convert/families.h"
#include "convert/tokenizer_json.h"
#include "kernels/format.h"

namespace nearside::convert {

using base::Code;
using base::fail;
using base::Result;

namespace {

/// general.file_type. Source: llama.h, enum llama_ftype.
std::uint32_t file_type(gguf::TensorType type) {
  switch (type) {
    case gguf::TensorType::kF16:
      return 1;
    case gguf::TensorType::kBF16:
      return 32;
    default:
      return 0;
  }
}

struct Placed {
  const SafeTensor* tensor = nullptr;
  TensorRole role;
};

/// In the order in which a model is run, as other tools write it: blocks by number.
bool runs_before(const Placed& left, const Placed& right) {
  const auto key = [](const std::string& name) {
    const bool block = name.starts_with("blk.");
    return std::pair(block                       ? std::stoul(name.substr(4)) + 1
                     : name.starts_with("token") ? 0UL
                                                 : ~0UL,
                     name);
  };
  return key(left.role.name) < key(right.role.name);
}

/// GGUF's llama wants row pairs (i, i + half) of each head side by side: row 2i and 2i + 1.
std::uint64_t source_row(std::uint64_t row, std::uint64_t rows, std::uint64_t heads) {
  if (heads == 0) return row;
  const std::uint64_t head_rows = rows / heads;
  const std::uint64_t within = row % head_rows;
  return row - within + within / 2 + (within % 2) * (head_rows / 2);
}

base::Status check_extent(const Placed& placed, const Shape& shape) {
  const SafeTensor& tensor = *placed.tensor;
  const std::string& name = placed.role.name;
  const auto is = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  const std::uint64_t queries = shape.heads * shape.head_dim;
  const std::uint64_t keys = shape.kv_heads * shape.head_dim;
  std::vector<std::uint64_t> wanted;
  if (is("attn_q_norm") || is("attn_k_norm"))
    wanted = {shape.head_dim};
  else if (is("norm.weight"))
    wanted = {shape.embedding};
  else if (is("attn_q.bias"))
    wanted = {queries};
  else if (is("attn_k.bias") || is("attn_v.bias"))
    wanted = {keys};
  else if (is("attn_output.bias"))
    wanted = {shape.embedding};
  else if (is("attn_q.weight"))
    wanted = {queries, shape.embedding};
  else if (is("attn_k.weight") || is("attn_v.weight"))
    wanted = {keys, shape.embedding};
  else if (is("attn_output.weight"))
    wanted = {shape.embedding, queries};
  else if (is("ffn_down"))
    wanted = {shape.embedding, shape.ffn};
  else if (is("ffn_"))
    wanted = {shape.ffn, shape.embedding};
  else
    wanted = {shape.vocabulary, shape.embedding};
  if (tensor.shape != wanted)
    return fail(Code::kCorrupt, "tensor {} has shape [{}], but config.json asks for [{}]",
                tensor.name, fmt::join(tensor.shape, ", "), fmt::join(wanted, ", "));
  return {};
}

void convert(const Placed& placed, const kernels::Format& to, std::span<std::byte> out) {
  const SafeTensor& tensor = *placed.tensor;
  const std::uint64_t columns = tensor.shape.back();
  const std::uint64_t rows = tensor.elements() / columns;
  const bool vector = tensor.shape.size() == 1;
  std::vector<float> values(columns);
  for (std::uint64_t row = 0; row < rows; ++row) {
    read_floats(tensor, source_row(row, rows, vector ? 0 : placed.role.interleaved) * columns,
                values);
    if (vector && placed.role.interleaved != 0) {  // a bias: its elements are the rows
      const std::vector<float> before = values;
      for (std::uint64_t i = 0; i < columns; ++i)
        values[i] = before[source_row(i, columns, placed.role.interleaved)];
    }
    for (float& value : values) value += placed.role.plus;
    to.quantize_row(values.data(), columns, out.data() + row * to.row_bytes(columns));
  }
}

Result<std::vector<Placed>> place(const Checkpoint& checkpoint, const Family& family,
                                  const Shape& shape) {
  std::vector<Placed> placed;
  std::set<std::string> names;
  for (const Safetensors& shard : checkpoint.shards()) {
    for (const SafeTensor& tensor : shard.tensors()) {
      const std::optional<TensorRole> role = TRY(tensor_role(family, shape, tensor.name));
      if (!role) continue;
      if (!names.insert(role->name).second)
        return fail(Code::kCorrupt, "tensor {} is there twice", tensor.name);
      placed.push_back({&tensor, *role});
      TRY(check_extent(placed.back(), shape));
    }
  }
  for (const char* needed : {"token_embd.weight", "output_norm.weight"})
    if (!names.contains(needed))
      return fail(Code::kCorrupt, "the checkpoint has no tensor that becomes {}", needed);
  for (std::uint64_t layer = 0; layer < shape.layers; ++layer)
    for (const char* needed : {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm",
                               "ffn_gate", "ffn_up", "ffn_down"})
      if (const std::string name = fmt::format("blk.{}.{}.weight", layer, needed);
          !names.contains(name))
        return fail(Code::kCorrupt, "the checkpoint has no tensor that becomes {}", name);
  std::ranges::sort(placed, runs_before);
  return placed;
}

}  // namespace

base::Status import_checkpoint(const Checkpoint& checkpoint, const ImportOptions& options,
                               gguf::Writer& writer) {
  const base::json::value* const type = checkpoint.config().if_contains("model_type");
  const std::string model_type =
      type != nullptr && type->is_string() ? std::string(type->get_string()) : "";
  const Family* const family = find_family(model_type);
  if (family == nullptr)
    return fail(Code::kUnsupported, "config.json: model_type \"{}\" is not supported; known are {}",
                model_type, family_names());
  const Shape shape = TRY(read_shape(*family, checkpoint.config()));
  const std::vector<Placed> placed = TRY(place(checkpoint, *family, shape));
  const std::vector<float> factors = TRY(rope_factors(shape, checkpoint.config()));

  writer.add("general.architecture", std::string(family->architecture));
  writer.add("general.type", std::string("model"));
  writer.add("general.name", checkpoint.name());
  writer.add("general.file_type", file_type(options.type));
  TRY(write_shape(*family, shape, checkpoint.config(), writer));
  TRY(write_tokenizer(checkpoint, shape.vocabulary, writer));

  if (!factors.empty())
    writer.add_tensor("rope_freqs.weight", gguf::TensorType::kF32, {factors.size()},
                      [factors](std::span<std::byte> out) {
                        std::ranges::copy(std::as_bytes(std::span(factors)), out.begin());
                      });
  const auto done = std::make_shared<std::size_t>(0);  // shared by the tensors' functions
  for (const Placed& one : placed) {
    const bool vector = one.tensor->shape.size() == 1;
    const gguf::TensorType as = vector ? gguf::TensorType::kF32 : options.type;
    std::vector<std::uint64_t> dims(one.tensor->shape.rbegin(), one.tensor->shape.rend());
    writer.add_tensor(one.role.name, as, std::move(dims),
                      [one, as, done, count = placed.size(), &options](std::span<std::byte> out) {
                        convert(one, kernels::format(as), out);
                        ++*done;
                        if (options.progress) options.progress(*done, count);
                      });
  }
  return {};
}

}  // namespace nearside::convert
