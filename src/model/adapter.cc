#include "model/adapter.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace nearside::model {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr std::string_view kDownEnd = ".lora_a";
constexpr std::string_view kUpEnd = ".lora_b";

/// A matrix of the base: its shape, and which parts of it, one above the other, go where.
struct Place {
  std::size_t inputs = 0;
  struct Part {
    std::size_t outputs = 0;
    std::optional<AdaptedMatrix> matrix{};  // empty: the output head
  };
  std::vector<Part> parts;
  std::size_t layer = 0;

  [[nodiscard]] std::size_t outputs() const {
    std::size_t sum = 0;
    for (const Part& part : parts) sum += part.outputs;
    return sum;
  }
};

/// "blk.3.attn_q.weight" is block 3's attn_q.weight. Empty: no tensor of a block.
std::optional<std::pair<std::size_t, std::string_view>> split_block(std::string_view name) {
  constexpr std::string_view kBlock = "blk.";
  if (!name.starts_with(kBlock)) return std::nullopt;
  name.remove_prefix(kBlock.size());
  std::size_t layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (error != std::errc() || end == name.data() + name.size() || *end != '.') return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(end - name.data()) + 1);
  return std::pair(layer, name);
}

/// Where in a model of this shape a tensor stands; empty: it has none that can be adapted.
std::optional<Place> find_place(const Hyperparameters& base, std::string_view name) {
  if (name == "output.weight")
    return Place{.inputs = base.embedding, .parts = {{.outputs = base.vocabulary}}};
  const auto block = split_block(name);
  if (!block || block->first >= base.layers) return std::nullopt;
  const auto [layer, tensor] = *block;
  using M = AdaptedMatrix;
  const auto place = [&, at = layer](std::size_t inputs, std::vector<Place::Part> parts) {
    return Place{.inputs = inputs, .parts = std::move(parts), .layer = at};
  };
  const std::size_t query = base.query_width();
  const std::size_t kv = base.kv_width();
  if (tensor == "attn_q.weight") return place(base.embedding, {{query, M::kQuery}});
  if (tensor == "attn_k.weight") return place(base.embedding, {{kv, M::kKey}});
  if (tensor == "attn_v.weight") return place(base.embedding, {{kv, M::kValue}});
  if (tensor == "attn_qkv.weight")
    return place(base.embedding, {{query, M::kQuery}, {kv, M::kKey}, {kv, M::kValue}});
  if (tensor == "attn_output.weight") return place(query, {{base.embedding, M::kAttentionOutput}});
  if (base.experts > 0) return std::nullopt;
  if (tensor == "ffn_gate.weight") return place(base.embedding, {{base.ffn, M::kFfnGate}});
  if (tensor == "ffn_up.weight" && base.fused_gate)
    return place(base.embedding, {{base.ffn, M::kFfnGate}, {base.ffn, M::kFfnUp}});
  if (tensor == "ffn_up.weight") return place(base.embedding, {{base.ffn, M::kFfnUp}});
  if (tensor == "ffn_down.weight") return place(base.ffn, {{base.embedding, M::kFfnDown}});
  return std::nullopt;
}

}  // namespace

/// Fills one adapter from its file.
class AdapterReader {
 public:
  AdapterReader(Adapter& out, const Hyperparameters& base, const kernels::Table& table)
      : out_(out), base_(base), table_(table) {}

  Status read() {
    TRY(read_metadata());
    out_.layers_.resize(base_.layers);
    for (const gguf::Tensor& tensor : out_.file_.tensors()) TRY(read_tensor(tensor));
    if (out_.parameters_ == 0) return fail(Code::kCorrupt, "it has no tensors");
    return {};
  }

 private:
  Status read_metadata() {
    const gguf::File& file = out_.file_;
    if (file.find("general.type") == nullptr || TRY(file.get_string("general.type")) != "adapter")
      return fail(Code::kCorrupt,
                  "metadata general.type is not \"adapter\": this is no adapter file");
    const std::string_view kind = TRY(file.get_string("adapter.type"));
    if (kind != "lora")
      return fail(Code::kUnsupported, "metadata adapter.type is \"{}\"; known is \"lora\"", kind);
    const std::string_view architecture = TRY(file.get_string("general.architecture"));
    if (architecture != base_.architecture)
      return fail(Code::kInvalidArgument,
                  "it was made for another model: its architecture is \"{}\", the model's \"{}\"",
                  architecture, base_.architecture);
    alpha_ = TRY(file.get_float_or("adapter.lora.alpha", 0.0));
    if (!std::isfinite(alpha_) || alpha_ < 0.0 || alpha_ > 1e6)
      return fail(Code::kCorrupt,
                  "metadata adapter.lora.alpha is {}, but must lie between 0 and 1000000", alpha_);
    return {};
  }

  Status read_tensor(const gguf::Tensor& down) {
    if (down.name.ends_with(kUpEnd)) {
      const std::string other =
          std::string(down.name.substr(0, down.name.size() - kUpEnd.size())).append(kDownEnd);
      if (out_.file_.find_tensor(other) == nullptr)
        return fail(Code::kCorrupt, "tensor {} stands without {}", down.name, other);
      return {};
    }
    if (!down.name.ends_with(kDownEnd))
      return fail(Code::kCorrupt, "tensor {} is neither a lora_a nor a lora_b", down.name);
    const std::string_view name = down.name.substr(0, down.name.size() - kDownEnd.size());
    const std::string up_name = std::string(name).append(kUpEnd);
    const gguf::Tensor* const up = out_.file_.find_tensor(up_name);
    if (up == nullptr)
      return fail(Code::kCorrupt, "tensor {} stands without {}", down.name, up_name);
    const std::optional<Place> place = find_place(base_, name);
    if (!place) return no_place(name);
    TRY(check_shapes(name, *place, down, *up));
    add(*place, down, *up);
    return {};
  }

  [[nodiscard]] base::Error no_place(std::string_view name) const {
    if (name == "token_embd.weight" || name.find("_exps") != std::string_view::npos)
      return fail(Code::kUnsupported,
                  "it adapts {}; embeddings and experts cannot be adapted here, merge it instead",
                  name);
    return fail(Code::kInvalidArgument,
                "it was made for another model: it adapts {}, which the model does not have", name);
  }

  static Status check_shapes(std::string_view name, const Place& place, const gguf::Tensor& down,
                             const gguf::Tensor& up) {
    const std::size_t rank = down.rows();
    if (down.dims_count > 2 || up.dims_count > 2 || up.columns() != rank || rank < 1 ||
        rank > Adapter::kRankMax)
      return fail(Code::kCorrupt,
                  "the two halves of {} do not fit together: [{}, {}] and [{}, {}] (ranks lie "
                  "between 1 and {})",
                  name, down.columns(), down.rows(), up.columns(), up.rows(), Adapter::kRankMax);
    if (down.columns() != place.inputs || up.rows() != place.outputs())
      return fail(Code::kInvalidArgument,
                  "it was made for another model: it adapts {} as a matrix of {} inputs and {} "
                  "outputs, the model's has {} and {}",
                  name, down.columns(), up.rows(), place.inputs, place.outputs());
    for (const gguf::Tensor* tensor : {&down, &up})
      if (!kernels::Weights::supports(tensor->type, tensor->columns()))
        return fail(Code::kUnsupported,
                    "tensor {} is of type {} with {} columns, which cannot be computed with",
                    tensor->name, gguf::tensor_type_info(tensor->type).name, tensor->columns());
    return {};
  }

  void add(const Place& place, const gguf::Tensor& down, const gguf::Tensor& up) {
    const std::size_t rank = down.rows();
    const kernels::Weights shared = kernels::Weights::prepare(
        {.type = down.type, .rows = rank, .columns = place.inputs, .data = down.data.data()},
        table_);
    const std::byte* rows = up.data.data();
    for (const Place::Part& part : place.parts) {
      LowRank& added = part.matrix
                           ? out_.layers_[place.layer][static_cast<std::size_t>(*part.matrix)]
                           : out_.output_;
      added.down = shared;
      added.up = kernels::Weights::prepare(
          {.type = up.type, .rows = part.outputs, .columns = rank, .data = rows}, table_);
      // llama.cpp's way of saying that the halves hold the scale already.
      added.scale = alpha_ == 0.0 ? 1.0F : static_cast<float>(alpha_ / static_cast<double>(rank));
      rows += gguf::tensor_bytes(up.type, part.outputs * rank);
    }
    out_.bytes_ += down.data.size() + up.data.size();
    out_.parameters_ += rank * (place.inputs + place.outputs());
  }

  Adapter& out_;
  const Hyperparameters& base_;
  const kernels::Table& table_;
  double alpha_ = 0.0;
};

Result<std::shared_ptr<const Adapter>> Adapter::load(gguf::File file, const std::string& name,
                                                     const Hyperparameters& base,
                                                     const kernels::Table& table) {
  const std::shared_ptr<Adapter> out(new Adapter(std::move(file)));
  if (const Status read = AdapterReader(*out, base, table).read(); !read)
    return base::Error(read.error()).with_context(fmt::format("adapter {}", name));
  return std::shared_ptr<const Adapter>(out);
}

}  // namespace nearside::model
