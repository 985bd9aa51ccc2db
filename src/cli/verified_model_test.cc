#include "cli/verified_model.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "package/sign.h"

namespace nearside::cli {
namespace {

namespace fs = std::filesystem;

class VerifiedModelTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("nearside_verified_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "plant.gguf") << "GGUF weights";
    std::ofstream(folder_ / "README.md") << "# plant";
    std::ofstream(folder_ / "signer.pub") << key_.public_key().pem();
    signers_ = read_signers({{"release", (folder_ / "signer.pub").string(), "", ""}}).value();
    fs::remove(folder_ / "signer.pub");
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string file() const { return (folder_ / "plant.gguf").string(); }
  void sign(const std::string& model, const std::string& signature,
            const std::vector<std::string>& ignored = {}) {
    package::SignOptions options;
    options.ignored_paths = ignored;
    options.ignored_paths.push_back("model.sig");
    const auto manifest = package::describe_model(model, options);
    ASSERT_TRUE(manifest) << manifest.error().message;
    ASSERT_TRUE(
        base::write_file_atomic(signature, package::sign_manifest(*manifest, key_, {}).value()));
  }
  void sign_folder(const std::vector<std::string>& ignored = {}) {
    sign(folder_.string(), (folder_ / "model.sig").string(), ignored);
  }
  [[nodiscard]] bool loads() const { return verify_model_file(file(), signers_).has_value(); }

  fs::path folder_;
  trust::PrivateKey key_ = trust::PrivateKey::generate(trust::KeyKind::kP256);
  std::vector<package::Signer> signers_;
};

TEST_F(VerifiedModelTest, TakesWhatIsSignedAsAFolderOrAsAFile) {
  sign_folder();
  EXPECT_EQ(verify_model_file(file(), signers_).value(), "release");
  fs::remove(folder_ / "model.sig");
  sign(file(), file() + ".sig");
  EXPECT_EQ(verify_model_file(file(), signers_).value(), "release");
}

TEST_F(VerifiedModelTest, RefusesAnUnsignedModel) {
  const auto signer = verify_model_file(file(), signers_);
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code, base::Code::kPermission);
}

TEST_F(VerifiedModelTest, RefusesAChangedModelAndAChangedNeighbour) {
  sign_folder();
  std::ofstream(folder_ / "README.md") << "# other";
  EXPECT_FALSE(loads());
  sign_folder();
  ASSERT_TRUE(loads());
  std::ofstream(file()) << "GGUF other weights";
  EXPECT_FALSE(loads());
}

TEST_F(VerifiedModelTest, RefusesAnotherSigner) {
  sign_folder();
  signers_[0].key = trust::PrivateKey::generate(trust::KeyKind::kP256).public_key();
  EXPECT_FALSE(loads());
}

TEST_F(VerifiedModelTest, RefusesAModelThatTheSignatureLeavesOut) {
  sign_folder({"plant.gguf"});
  EXPECT_FALSE(loads());
}

}  // namespace
}  // namespace nearside::cli
