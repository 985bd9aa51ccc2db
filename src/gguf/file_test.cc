#include "gguf/file.h"

#include <cstdlib>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "gguf/writer.h"

namespace nearside::gguf {
namespace {

using base::Code;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(GgufFile, ReportsAFileThatIsNotThere) {
  EXPECT_EQ(File::open("/nonexistent/model.gguf").error().code, Code::kNotFound);
}

TEST(GgufFile, TellsAbsentFromWrongType) {
  Writer writer;
  writer.add("a.text", std::string("four"));
  writer.add("a.negative", std::int32_t{-4});
  writer.add("a.signed", std::int32_t{4});
  writer.add("a.text_list", std::vector<std::string>{"x"});
  const std::string bytes = writer.to_bytes();
  const File file = File::from_bytes(bytes_of(bytes), "model.gguf").value();

  EXPECT_EQ(file.get_uint("absent").error().code, Code::kNotFound);
  EXPECT_EQ(file.get_uint_or("absent", 9).value(), 9U);
  EXPECT_EQ(file.get_float_or("absent", 0.5).value(), 0.5);
  EXPECT_TRUE(file.get_bool_or("absent", true).value());
  EXPECT_EQ(file.get_uint("a.text").error().message,
            "model.gguf: metadata key a.text must be an unsigned integer, but is a string");
  EXPECT_EQ(file.get_uint_or("a.text", 9).error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_uint("a.negative").error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_uint("a.signed").value(), 4U);
  EXPECT_EQ(file.get_float("a.signed").error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_strings("a.text").error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_string("a.text_list").error().code, Code::kCorrupt);
  EXPECT_EQ(file.get_bool("a.text").error().code, Code::kCorrupt);
}

TEST(GgufFile, ReadsVersion2) {
  std::string bytes = Writer().to_bytes();
  bytes[4] = 2;
  EXPECT_EQ(File::from_bytes(bytes_of(bytes), "model.gguf").value().version(), 2U);
}

TEST(GgufFile, ViewsSurviveAMove) {
  const std::string path =
      (std::filesystem::path(testing::TempDir()) / "nearside_gguf_move.gguf").string();
  Writer writer;
  writer.add("general.name", std::string("plant"));
  writer.add_tensor("t", TensorType::kF32, {1}, [](std::span<std::byte>) {});
  ASSERT_TRUE(writer.write(path));
  File first = File::open(path).value();
  const std::string_view name = first.get_string("general.name").value();

  const File second = std::move(first);

  EXPECT_EQ(name, "plant");
  EXPECT_EQ(second.get_string("general.name").value().data(), name.data());
  EXPECT_NE(second.find_tensor("t"), nullptr);
  std::filesystem::remove(path);
}

TEST(GgufArray, SaturatesFloatsThatDoNotFitAnInteger) {
  Writer writer;
  const float infinite = std::numeric_limits<float>::infinity();
  writer.add("a", std::vector<float>{1.5F, 1e30F, -1e30F, infinite, std::nanf("")});
  const std::string bytes = writer.to_bytes();
  const File file = File::from_bytes(bytes_of(bytes), "model.gguf").value();
  const Array& array = std::get<Array>(*file.find("a"));

  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(array.numbers<std::int32_t>(), (std::vector<std::int32_t>{1, kMost, kLeast, kMost, 0}));
}

TEST(GgufFile, OpensTheVocabulariesOfRealModels) {
  const std::filesystem::path source = "../shared/data/tokenizers";
  if (!std::filesystem::exists(source)) GTEST_SKIP() << "no vocabularies in " << source;
  const std::filesystem::path directory =
      std::filesystem::path(testing::TempDir()) / "nearside_gguf_vocabularies";
  std::filesystem::create_directories(directory);
  std::size_t opened = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source)) {
    if (entry.path().extension() != ".xz") continue;
    const std::string unpacked = (directory / entry.path().stem()).string();
    const std::string command = "xz -dc '" + entry.path().string() + "' > '" + unpacked + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    const Result<File> file = File::open(unpacked);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_GT(file->get_strings("tokenizer.ggml.tokens").value().size(), 30'000U) << unpacked;
    ++opened;
  }
  EXPECT_EQ(opened, 8U);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace nearside::gguf
