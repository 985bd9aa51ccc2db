#include "package/bom.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/json.h"
#include "trust/encoding.h"
#include "trust/sha256.h"

namespace nearside::package {
namespace {

namespace fs = std::filesystem;

class BomTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("nearside_bom_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "templates");
    write("plant.gguf", "weights");
    write("templates/chat.jinja", "{{ messages }}");
    write("model.sig", "a signature");
    write(kBomFile, "an older one");
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  [[nodiscard]] base::Result<std::string> made(const BomFacts& facts) const {
    return make_bom(folder_.string(), facts, base::WallTime{std::chrono::seconds(1'750'000'000)});
  }
  fs::path folder_;
};

const BomFacts kFacts{.name = "plant",
                      .version = "1.2",
                      .supplier = "Example",
                      .architecture = "llama",
                      .license = "Apache-2.0",
                      .base_model = "base"};

TEST_F(BomTest, ListsEveryFileWithItsHashAndWhatIsKnownOfTheModel) {
  const auto text = made(kFacts);
  ASSERT_TRUE(text) << text.error().message;
  const base::json::object bom = base::parse_json(*text).value().as_object();
  EXPECT_EQ(bom.at("bomFormat").as_string(), "CycloneDX");
  EXPECT_EQ(bom.at("specVersion").as_string(), "1.6");
  const auto& model = bom.at("metadata").at("component");
  EXPECT_EQ(model.at("type").as_string(), "machine-learning-model");
  EXPECT_EQ(model.at("modelCard").at("modelParameters").at("modelArchitecture").as_string(),
            "llama");
  EXPECT_EQ(bom.at("metadata").at("timestamp").as_string(), "2025-06-15T15:06:40Z");
  ASSERT_EQ(bom.at("components").as_array().size(), 2U);
  const auto& weights = bom.at("components").at(0);
  EXPECT_EQ(weights.at("name").as_string(), "plant.gguf");
  EXPECT_EQ(weights.at("type").as_string(), "machine-learning-model");
  EXPECT_EQ(weights.at("hashes").at(0).at("content").as_string(),
            trust::to_hex(trust::sha256("weights")));
  EXPECT_EQ(bom.at("components").at(1).at("name").as_string(), "templates/chat.jinja");
  EXPECT_EQ(bom.at("dependencies").at(0).at("dependsOn").as_array().size(), 2U);
}

TEST_F(BomTest, EqualFilesGiveAnEqualTextAndOtherFilesAnotherSerialNumber) {
  const std::string first = made(kFacts).value();
  EXPECT_EQ(first, made(kFacts).value());
  write("plant.gguf", "other weights");
  const auto serial = [](const std::string& text) {
    return std::string(base::parse_json(text).value().at("serialNumber").as_string());
  };
  EXPECT_NE(serial(first), serial(made(kFacts).value()));
}

TEST_F(BomTest, WhatIsUnknownIsLeftOut) {
  const std::string text = made({.name = "plant", .version = "1"}).value();
  for (const char* member : {"modelCard", "licenses", "supplier", "pedigree"})
    EXPECT_EQ(text.find(member), std::string::npos) << member;
}

TEST_F(BomTest, LinksAndMissingNamesAreErrors) {
  EXPECT_FALSE(made({.name = "plant", .version = ""}));
  fs::create_symlink("/etc/passwd", folder_ / "link");
  EXPECT_FALSE(made(kFacts));
}

}  // namespace
}  // namespace nearside::package
