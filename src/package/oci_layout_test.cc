// Packages: what goes in comes out, and what must not go in or come out does not.
#include "package/oci_layout.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "package/content_kind.h"

namespace nearside::package {
namespace {

namespace fs = std::filesystem;
namespace json = base::json;
using namespace std::string_literals;

class PackTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("nearside_pack_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    write("plant.gguf", "GGUF\x03\0\0\0weights"s);
    write("templates/chat.jinja", "{{ messages }}");
    write("README.md", "# A model");
    write("bom.cdx.json", "{\"bomFormat\":\"CycloneDX\"}");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& name, const std::string& content) {
    fs::create_directories((root_ / "model" / name).parent_path());
    std::ofstream(root_ / "model" / name, std::ios::binary) << content;
  }
  [[nodiscard]] std::string model() const { return (root_ / "model").string(); }
  [[nodiscard]] std::string layout() const { return (root_ / "layout").string(); }
  [[nodiscard]] std::string out() const { return (root_ / "out").string(); }
  base::Result<std::string> packed() {
    return pack(model(), layout(), {.name = "plant", .version = "1.2"});
  }

  fs::path root_;
};

TEST_F(PackTest, WhatGoesInComesOut) {
  const auto digest = packed();
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(read_layout(layout())->digest, *digest);
  const base::Status status = unpack(layout(), out());
  ASSERT_TRUE(status) << status.error().message;
  for (const char* name : {"plant.gguf", "templates/chat.jinja", "README.md", "bom.cdx.json"})
    EXPECT_EQ(base::read_file(out() + "/" + name).value(),
              base::read_file(model() + "/" + name).value());
}

TEST_F(PackTest, LayersAreOfTheModelPackTypes) {
  ASSERT_TRUE(packed());
  const LayoutManifest read = read_layout(layout()).value();
  for (const Descriptor& layer : read.manifest.layers) {
    const bool weights = layer.path == "plant.gguf";
    EXPECT_EQ(layer.media_type == "application/vnd.cncf.model.weight.v1.raw", weights);
  }
}

TEST_F(PackTest, ExecutableFormatsAreRefusedByNameWhateverTheFileIsCalled) {
  const std::pair<std::string, std::string> hostile[] = {
      {"\x80\x04\x95"s, "pickle"},
      {"(dp0\nS'a'\n"s, "pickle"},
      {"cos\nsystem\n(S'id'\ntR."s, "pickle"},
      {"PK\x03\x04"s, "ZIP"},
      {"\x7F"
       "ELF\x02"s,
       "program"},
      {"#!/bin/sh\n"s, "script"},
      {"\x89HDF\r\n"s, "HDF5"},
      {"\x93NUMPY\x01"s, "NumPy"},
      {"\x1F\x8B\x08\x00"s, "gzip"},
      {"\xFF\xFE\x00\x01"s, "no format"},
  };
  for (const auto& [content, name] : hostile) {
    write("weights.gguf", content);
    const auto digest = packed();
    ASSERT_FALSE(digest) << name;
    EXPECT_NE(digest.error().message.find(name), std::string::npos) << digest.error().message;
    EXPECT_NE(digest.error().message.find("weights.gguf"), std::string::npos);
    fs::remove_all(layout());
  }
}

TEST_F(PackTest, LinksAreNotPacked) {
  fs::create_symlink("/etc/passwd", root_ / "model/passwd");
  EXPECT_FALSE(packed());
}

/// The manifest, changed, with its digest put right everywhere: an attacker's registry.
void rewrite(const std::string& layout, const std::function<void(json::object&)>& change) {
  const LayoutManifest read = read_layout(layout).value();
  json::object manifest = base::parse_json(read.bytes)->get_object();
  change(manifest);
  ASSERT_TRUE(finish_layout(layout, json::serialize(manifest), "1.2"));
}

json::object& layer(json::object& manifest, std::size_t index) {
  return manifest["layers"].get_array()[index].get_object();
}

TEST_F(PackTest, PathsThatLeadOutsideAreRefused) {
  ASSERT_TRUE(packed());
  for (const char* path : {"../evil", "/tmp/evil", "a/../../evil", "", ".", "a//b", "plant.gguf"}) {
    rewrite(layout(), [path](json::object& manifest) {
      layer(manifest, 0)["annotations"] = json::object{{"org.cncf.model.filepath", path}};
    });
    const base::Status status = unpack(layout(), out());
    EXPECT_FALSE(status) << path;
    EXPECT_FALSE(fs::exists(root_ / "evil"));
    fs::remove_all(layout());
    ASSERT_TRUE(packed());
  }
}

TEST_F(PackTest, ChangedMissingAndResizedBlobsAreRefused) {
  ASSERT_TRUE(packed());
  const LayoutManifest read = read_layout(layout()).value();
  for (const Descriptor& descriptor : read.manifest.layers) {
    const std::string path = blob_path(layout(), descriptor.digest);
    const std::string good = base::read_file(path).value();
    std::string changed = good;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    for (const std::string& content : {changed, good + "x", good.substr(1)}) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
      EXPECT_FALSE(unpack(layout(), out())) << descriptor.path;
      fs::remove_all(out());
    }
    fs::remove(path);
    EXPECT_FALSE(unpack(layout(), out()));
    fs::remove_all(out());
    std::ofstream(path, std::ios::binary) << good;
  }
  EXPECT_TRUE(unpack(layout(), out()));
}

TEST_F(PackTest, AChangedManifestIsRefused) {
  ASSERT_TRUE(packed());
  const LayoutManifest read = read_layout(layout()).value();
  std::ofstream(blob_path(layout(), read.digest), std::ios::app) << " ";
  EXPECT_FALSE(read_layout(layout()));
}

TEST_F(PackTest, ManifestsThatBreakTheSpecificationAreRefused) {
  ASSERT_TRUE(packed());
  const std::string good = read_layout(layout())->bytes;
  using M = json::object&;
  const std::vector<std::function<void(M)>> changes = {
      [](M m) { m.erase("config"); },
      [](M m) { m.erase("layers"); },
      [](M m) { m["layers"] = json::array{}; },
      [](M m) {
        m["config"].get_object()["mediaType"] = "application/vnd.oci.image.config.v1+json";
      },
      [](M m) { layer(m, 0)["digest"] = "sha256:../../../etc/passwd"; },
      [](M m) { layer(m, 0)["digest"] = "sha512:" + std::string(64, '0'); },
      [](M m) { layer(m, 0)["digest"] = 7; },
      [](M m) { layer(m, 0)["size"] = -1; },
      [](M m) { layer(m, 0).erase("size"); },
      [](M m) { layer(m, 0)["mediaType"] = "application/vnd.cncf.model.weight.v1.tar+gzip"; },
      [](M m) { layer(m, 0).erase("annotations"); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    json::object manifest = base::parse_json(good)->get_object();
    changes[i](manifest);
    EXPECT_FALSE(parse_package_manifest(json::serialize(manifest))) << "change " << i;
  }
  EXPECT_TRUE(parse_package_manifest(good));
}

TEST(Content, IsDecidedByBytes) {
  EXPECT_EQ(content_of("GGUF\x03").kind, ContentKind::kWeights);
  EXPECT_EQ(content_of("NRSDSEA1").kind, ContentKind::kWeights);
  EXPECT_EQ(content_of("\x40\0\0\0\0\0\0\0{\"a\""s).kind, ContentKind::kWeights);
  EXPECT_EQ(content_of(" {\"a\": 1}").kind, ContentKind::kJson);
  EXPECT_EQ(content_of("{% for m in messages %}").kind, ContentKind::kText);
  EXPECT_EQ(content_of("cats are nice\nand so on\n").kind, ContentKind::kText);
  EXPECT_EQ(content_of("").kind, ContentKind::kText);
}

}  // namespace
}  // namespace nearside::package
