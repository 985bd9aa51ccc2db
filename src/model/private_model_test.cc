// Models whose bytes are in no file: what is read piece by piece and given back behind the packing
// must compute as what lies there whole.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/tables.h"
#include "model/architectures.h"
#include "model/tensor_reader.h"
#include "model/tiny_model.h"

namespace nearside::model {
namespace {

constexpr std::size_t kPieceBytes = 4096;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// A model in pieces, one of which may be unreadable.
class Pieces : public base::PieceSource {
 public:
  explicit Pieces(std::string bytes, std::size_t changed = kNone)
      : bytes_(std::move(bytes)), changed_(changed) {}
  [[nodiscard]] std::size_t size_bytes() const override { return bytes_.size(); }
  [[nodiscard]] std::size_t piece_bytes() const override { return kPieceBytes; }
  void expect(std::size_t) const override {}
  [[nodiscard]] base::Status read(std::size_t index, std::span<std::byte> out) const override {
    if (index == changed_) return base::fail(base::Code::kCorrupt, "piece {}", index);
    std::memcpy(out.data(), bytes_.data() + index * kPieceBytes, out.size());
    return {};
  }

 private:
  std::string bytes_;
  std::size_t changed_;
};

std::string model_bytes(std::string_view architecture, gguf::TensorType type) {
  const std::string vocabulary = tiny_vocabulary().to_bytes();
  const auto file = gguf::File::from_bytes(std::as_bytes(std::span(vocabulary)), "vocabulary");
  gguf::Writer writer = tiny_vocabulary();
  EXPECT_TRUE(synthesize(tiny_shape(architecture), {.type = type}, *file, writer));
  return writer.to_bytes();
}

base::Result<gguf::File> in_pieces(std::string bytes, std::size_t changed = kNone) {
  return gguf::File::from_mapping(
      TRY(base::MappedFile::from_pieces(std::make_unique<Pieces>(std::move(bytes), changed))),
      "private");
}

/// Of the last of some tokens: scores, or the state where the model has none.
std::vector<float> answer(const gguf::File& file, const kernels::Table& table) {
  constexpr std::uint32_t kTokens = 12;
  const auto model = Model::load(file, table, 2);
  if (!model) {
    ADD_FAILURE() << model.error().message;
    return {};
  }
  base::ThreadPool pool(1);
  kernels::Context context{.table = table, .pool = pool};
  KvCache cache((*model)->kv_shape(1, 256));
  cache.reserve(0, kTokens);
  Batch batch;
  for (std::uint32_t i = 0; i < kTokens; ++i)
    batch.push_back({.sequence = 0,
                     .position = i,
                     .token = static_cast<TokenId>(i * 37 % kTinyVocabulary),
                     .wants_logits = i + 1 == kTokens});
  const Hyperparameters& shape = (*model)->hyperparameters();
  std::vector<float> out((*model)->generates() ? shape.vocabulary : shape.embedding);
  if ((*model)->generates())
    (*model)->forward(batch, cache, out, context);
  else
    (*model)->states(batch, cache, out, context);
  return out;
}

class PrivateModel : public testing::TestWithParam<std::string> {};

TEST_P(PrivateModel, ComputesAsItDoesFromAFile) {
  for (const gguf::TensorType type :
       {gguf::TensorType::kF32, gguf::TensorType::kQ8_0, gguf::TensorType::kQ4_0})
    for (const kernels::Table* table : kernels::available_tables()) {
      const std::string bytes = model_bytes(GetParam(), type);
      const auto whole = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "whole");
      const auto pieces = in_pieces(bytes);
      ASSERT_TRUE(whole);
      ASSERT_TRUE(pieces) << pieces.error().message;
      EXPECT_EQ(answer(*whole, *table), answer(*pieces, *table))
          << table->name << ", " << gguf::tensor_type_info(type).name;
    }
}

TEST_P(PrivateModel, IsRefusedForAnyPieceThatCannotBeRead) {
  const std::string bytes = model_bytes(GetParam(), gguf::TensorType::kQ4_0);
  for (std::size_t changed = 0; changed * kPieceBytes < bytes.size(); ++changed) {
    const auto file = in_pieces(bytes, changed);
    if (!file) {
      EXPECT_EQ(file.error().code, base::Code::kCorrupt) << changed;
      continue;
    }
    const auto model = Model::load(*file, kernels::best_table(), 2);
    ASSERT_FALSE(model) << changed;
    EXPECT_EQ(model.error().code, base::Code::kCorrupt) << changed;
  }
}

/// VmFlags of the mapping that holds `address`.
std::string flags_at(const void* address) {
  std::ifstream smaps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<unsigned long>(address);
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      inside = begin <= wanted && wanted < end;
    else if (inside && line.starts_with("VmFlags:"))
      return line + " ";
  }
  return "";
}

TEST(PackedOfPrivate, IsLeftOutOfCoreDumps) {
  const std::string bytes = model_bytes("llama", gguf::TensorType::kQ4_0);
  const auto whole = gguf::File::from_bytes(std::as_bytes(std::span(bytes)), "whole");
  const auto pieces = in_pieces(bytes);
  ASSERT_TRUE(whole && pieces);
  const auto flags = [](const gguf::File& file) {
    TensorReader reader(file, kernels::best_table());
    const auto matrix = reader.matrix("blk.0.ffn_gate.weight", 48, 32);
    EXPECT_TRUE(matrix && reader.pack(1));
    return matrix->packed_bytes() == 0 ? "" : flags_at(matrix->packed().data());
  };
  if (flags(*whole).empty()) GTEST_SKIP() << "nothing is packed on this processor";
  EXPECT_EQ(flags(*whole).find(" dd "), std::string::npos);
  EXPECT_NE(flags(*pieces).find(" dd "), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Families, PrivateModel, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const Architecture& architecture : architectures())
                             names.emplace_back(architecture.name);
                           return names;
                         }()),
                         [](const auto& name) {
                           std::string text = name.param;
                           std::replace(text.begin(), text.end(), '-', '_');
                           return text;
                         });

}  // namespace
}  // namespace nearside::model
