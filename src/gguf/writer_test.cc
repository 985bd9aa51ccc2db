#include "gguf/writer.h"

#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "gguf/file.h"

namespace nearside::gguf {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

Writer::Fill fill_with(char value) {
  return [value](std::span<std::byte> out) { std::memset(out.data(), value, out.size()); };
}

TEST(Writer, WritesEveryKindOfValueSoThatItReadsBack) {
  Writer writer;
  writer.add("a.u32", std::uint32_t{7});
  writer.add("a.i32", std::int32_t{-7});
  writer.add("a.u64", std::uint64_t{1} << 40);
  writer.add("a.float", 1.5F);
  writer.add("a.bool", true);
  writer.add("a.string", std::string("Pumpe 3 läuft"));
  writer.add("a.strings", std::vector<std::string>{"x", "", "\xFF"});
  writer.add("a.floats", std::vector<float>{0.5F, -2.0F});
  writer.add("a.ints", std::vector<std::int32_t>{1, -1});
  writer.add("a.bytes", std::vector<std::uint8_t>{1, 2, 255});
  const std::string bytes = writer.to_bytes();

  const File file = File::from_bytes(bytes_of(bytes), "test").value();

  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.get_uint("a.u32").value(), 7U);
  EXPECT_EQ(std::get<std::int64_t>(*file.find("a.i32")), -7);
  EXPECT_EQ(file.get_uint("a.u64").value(), std::uint64_t{1} << 40);
  EXPECT_EQ(file.get_float("a.float").value(), 1.5);
  EXPECT_TRUE(file.get_bool("a.bool").value());
  EXPECT_EQ(file.get_string("a.string").value(), "Pumpe 3 läuft");
  EXPECT_EQ(file.get_strings("a.strings").value(),
            (std::vector<std::string_view>{"x", "", "\xFF"}));
  EXPECT_EQ(file.get_floats("a.floats").value(), (std::vector<float>{0.5F, -2.0F}));
  EXPECT_EQ(file.get_ints("a.ints").value(), (std::vector<std::int32_t>{1, -1}));
  EXPECT_EQ(file.get_ints("a.bytes").value(), (std::vector<std::int32_t>{1, 2, 255}));
}

TEST(Writer, PlacesEachTensorAlignedWithItsOwnBytes) {
  Writer writer;
  writer.add_tensor("first", TensorType::kF32, {3}, fill_with(1));
  writer.add_tensor("second", TensorType::kQ4_0, {32, 2, 3}, fill_with(2));
  const std::string bytes = writer.to_bytes();

  const File file = File::from_bytes(bytes_of(bytes), "test").value();

  const Tensor* second = file.find_tensor("second");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->type, TensorType::kQ4_0);
  EXPECT_EQ(second->columns(), 32U);
  EXPECT_EQ(second->rows(), 6U);
  ASSERT_EQ(second->data.size(), 6U * 18U);
  EXPECT_EQ(second->data.front(), std::byte{2});
  EXPECT_EQ(second->data.back(), std::byte{2});
  EXPECT_EQ(static_cast<std::size_t>(second->data.data() -
                                     reinterpret_cast<const std::byte*>(bytes.data())) %
                kDefaultAlignment,
            0U);
  EXPECT_EQ(file.find_tensor("first")->data.size(), 12U);
}

TEST(Writer, ReplacesAKeyThatWasCopied) {
  Writer source;
  source.add("general.name", std::string("plant"));
  source.add("tokenizer.model", std::string("bpe"));
  const std::string source_bytes = source.to_bytes();
  const File from = File::from_bytes(bytes_of(source_bytes), "source").value();
  Writer writer;
  writer.copy_metadata(from, "general.");
  writer.add("general.name", std::string("plant, quantised"));
  const std::string bytes = writer.to_bytes();

  const File file = File::from_bytes(bytes_of(bytes), "test").value();

  ASSERT_EQ(file.metadata().size(), 1U);
  EXPECT_EQ(file.get_string("general.name").value(), "plant, quantised");
}

TEST(Writer, CopyKeepsTheExactType) {
  Writer source;
  source.add("a.bytes", std::vector<std::uint8_t>{1, 2});
  source.add("a.float", 0.25F);
  const std::string source_bytes = source.to_bytes();
  const File from = File::from_bytes(bytes_of(source_bytes), "source").value();
  Writer writer;
  writer.copy_metadata(from, "");

  EXPECT_EQ(writer.to_bytes(), source_bytes);
}

TEST(Writer, WritesTheSameBytesToAFileAsToMemory) {
  const std::filesystem::path directory =
      std::filesystem::path(testing::TempDir()) / "nearside_gguf_writer";
  std::filesystem::create_directories(directory);
  const std::string path = (directory / "model.gguf").string();
  Writer writer;
  writer.add("general.name", std::string("plant"));
  writer.add_tensor("weight", TensorType::kF16, {5}, fill_with(3));

  ASSERT_TRUE(writer.write(path));

  const File file = File::open(path).value();
  EXPECT_EQ(file.size_bytes(), writer.to_bytes().size());
  EXPECT_EQ(file.find_tensor("weight")->data.back(), std::byte{3});
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
  std::filesystem::remove_all(directory);
}

TEST(Writer, ReportsADirectoryThatDoesNotExist) {
  const base::Status status = Writer().write("/nonexistent/model.gguf");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, base::Code::kIo);
}

}  // namespace
}  // namespace nearside::gguf
