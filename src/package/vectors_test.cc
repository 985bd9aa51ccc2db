// The published vectors of OpenSSF Model Signing and models signed by the reference tool.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "package/verify.h"

namespace nearside::package {
namespace {

namespace fs = std::filesystem;

const fs::path kData = "../shared/data/oms-model-signing";

class VectorsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kData)) GTEST_SKIP() << kData << " is absent";
    const std::string key = base::read_file((kData / "keys/signing-key-pub.pem").string()).value();
    const std::string root = base::read_file((kData / "keys/ca-cert.pem").string()).value();
    // The file says in words what the key is before the PEM block; readers skip that.
    signers_ = {{"key", trust::PublicKey::from_pem(key).value(), {}, ""},
                {"authority", std::nullopt, trust::Certificate::all_from_pem(root).value(), ""}};
  }

  static std::vector<fs::path> in(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const auto& item : fs::directory_iterator(kData / folder)) paths.push_back(item.path());
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  std::vector<Signer> signers_;
};

TEST_F(VectorsTest, ValidBundlesAreRead) {
  const auto vectors = in("test-vectors/v1.0/valid");
  ASSERT_EQ(vectors.size(), 3U);
  for (const fs::path& path : vectors) {
    const auto bundle = parse_bundle(base::read_file(path.string()).value());
    ASSERT_TRUE(bundle) << path << bundle.error().message;
    const auto manifest = parse_statement(bundle->payload);
    EXPECT_TRUE(manifest) << path << manifest.error().message;
  }
}

TEST_F(VectorsTest, InvalidBundlesAreRefused) {
  const auto vectors = in("test-vectors/v1.0/invalid");
  ASSERT_EQ(vectors.size(), 4U);
  for (const fs::path& path : vectors)
    EXPECT_FALSE(parse_bundle(base::read_file(path.string()).value())) << path;
}

TEST_F(VectorsTest, InvalidPayloadsAreRefused) {
  const auto vectors = in("test-vectors/v1.0/invalid-payload");
  ASSERT_EQ(vectors.size(), 1U);
  for (const fs::path& path : vectors) {
    const auto bundle = parse_bundle(base::read_file(path.string()).value());
    ASSERT_TRUE(bundle) << path;
    EXPECT_FALSE(parse_statement(bundle->payload)) << path;
  }
}

/// Every release of the reference tool, its folders as they came.
TEST_F(VectorsTest, ModelsSignedByKeyAndCertificateVerify) {
  std::size_t verified = 0;
  for (const fs::path& folder : in("signed-models")) {
    if (folder.string().ends_with("-sigstore")) continue;
    const auto report = verify_model(folder.string(), (folder / "model.sig").string(), signers_);
    ASSERT_TRUE(report) << folder << report.error().message;
    EXPECT_TRUE(report->differences.empty()) << folder;
    ++verified;
  }
  EXPECT_EQ(verified, 6U);
}

TEST_F(VectorsTest, SigstoreIsNamedAsNotVerified) {
  for (const fs::path& folder : in("signed-models")) {
    if (!folder.string().ends_with("-sigstore")) continue;
    const auto report = verify_model(folder.string(), (folder / "model.sig").string(), signers_);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, base::Code::kUnsupported) << report.error().message;
  }
}

TEST_F(VectorsTest, ChangedRemovedAndAddedFilesAreFound) {
  const fs::path copy =
      fs::path(testing::TempDir()) / ("nearside_vectors_" + std::to_string(::getpid()));
  for (const fs::path& folder : in("signed-models")) {
    if (folder.string().ends_with("-sigstore")) continue;
    const auto differences = [&](const std::function<void()>& tamper) -> std::size_t {
      fs::remove_all(copy);
      fs::create_directories(copy);
      for (const auto& item : fs::directory_iterator(folder)) {
        fs::copy_file(item.path(), copy / item.path().filename());
        fs::permissions(copy / item.path().filename(), fs::perms::owner_all);
      }
      tamper();
      const auto report = verify_model(copy.string(), (copy / "model.sig").string(), signers_);
      return report ? report->differences.size() : 0;
    };
    EXPECT_EQ(differences([] {}), 0U) << folder;
    EXPECT_GE(differences([&] { std::ofstream(copy / "signme-1", std::ios::app) << "x"; }), 1U)
        << folder;
    EXPECT_GE(differences([&] { fs::remove(copy / "signme-1"); }), 1U) << folder;
    EXPECT_GE(differences([&] { std::ofstream(copy / "more"); }), 1U) << folder;
  }
  fs::remove_all(copy);
}

}  // namespace
}  // namespace nearside::package
