// Signing a folder, and every way of tampering with it afterwards.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "package/sign.h"
#include "package/verify.h"
#include "trust/certificate_for_test.h"

namespace nearside::package {
namespace {

namespace fs = std::filesystem;

class SigningTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("nearside_signing_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    write("weights.gguf", std::string(25, 'w'));
    write("templates/chat.jinja", "{{ x }}");
    write("empty", "");
    fs::create_directories(root_ / "model/.git");
    write(".git/config", "ignored");
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& content) {
    const fs::path path = root_ / "model" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  [[nodiscard]] std::string model() const { return (root_ / "model").string(); }
  [[nodiscard]] std::string signature() const { return model() + "/model.sig"; }

  void sign(const SignOptions& options = {}) {
    SignOptions with_signature = options;
    with_signature.ignored_paths.push_back("model.sig");
    const auto manifest = describe_model(model(), with_signature);
    ASSERT_TRUE(manifest) << manifest.error().message;
    const auto bundle = sign_manifest(*manifest, key_, options.certificates);
    ASSERT_TRUE(bundle) << bundle.error().message;
    ASSERT_TRUE(base::write_file_atomic(signature(), *bundle));
  }

  base::Result<Report> verify() const { return verify_model(model(), signature(), signers_); }

  /// "changed weights.gguf, missing empty", or the error.
  std::string differences() const {
    const auto report = verify();
    if (!report) return report.error().message;
    std::string text;
    for (const Difference& difference : report->differences)
      text += (text.empty() ? "" : ", ") + std::string(difference_kind_name(difference.kind)) +
              " " + difference.path;
    return text;
  }

  fs::path root_;
  trust::PrivateKey key_ = trust::PrivateKey::generate(trust::KeyKind::kP256);
  std::vector<Signer> signers_{{"plant", key_.public_key(), {}, ""}};
};

TEST_F(SigningTest, AnUntouchedModelHasNoDifferences) {
  sign();
  const auto report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->differences.empty());
  EXPECT_EQ(report->files, 3U);
  EXPECT_EQ(report->signature.signer, "plant");
}

TEST_F(SigningTest, EveryCurveSigns) {
  for (const auto kind : {trust::KeyKind::kP256, trust::KeyKind::kP384, trust::KeyKind::kP521}) {
    key_ = trust::PrivateKey::generate(kind);
    signers_[0].key = key_.public_key();
    sign();
    EXPECT_EQ(differences(), "");
  }
}

TEST_F(SigningTest, FindsAChangedByte) {
  sign();
  write("weights.gguf", std::string(24, 'w') + "x");
  EXPECT_EQ(differences(), "changed weights.gguf");
}

TEST_F(SigningTest, FindsAnAppendedAndATruncatedFile) {
  sign();
  write("weights.gguf", std::string(26, 'w'));
  EXPECT_EQ(differences(), "changed weights.gguf");
  write("weights.gguf", std::string(24, 'w'));
  EXPECT_EQ(differences(), "changed weights.gguf");
}

TEST_F(SigningTest, FindsARemovedFile) {
  sign();
  fs::remove(root_ / "model/templates/chat.jinja");
  EXPECT_EQ(differences(), "missing templates/chat.jinja");
}

TEST_F(SigningTest, FindsAnAddedFileAlsoAnEmptyOne) {
  sign();
  write("templates/evil.jinja", "");
  EXPECT_EQ(differences(), "extra templates/evil.jinja");
}

TEST_F(SigningTest, FindsARenamedFile) {
  sign();
  fs::rename(root_ / "model/empty", root_ / "model/void");
  EXPECT_EQ(differences(), "extra void, missing empty");
}

TEST_F(SigningTest, FindsAFileReplacedByALinkToTheSameBytes) {
  sign();
  fs::rename(root_ / "model/weights.gguf", root_ / "weights.gguf");
  fs::create_symlink(root_ / "weights.gguf", root_ / "model/weights.gguf");
  EXPECT_EQ(differences(), "symlink weights.gguf");
}

TEST_F(SigningTest, FindsAFolderReplacedByALink) {
  sign();
  fs::rename(root_ / "model/templates", root_ / "templates");
  fs::create_directory_symlink(root_ / "templates", root_ / "model/templates");
  EXPECT_EQ(differences(), "symlink templates, missing templates/chat.jinja");
}

TEST_F(SigningTest, FindsAPipeWithoutWaitingOnIt) {
  sign();
  fs::remove(root_ / "model/empty");
  ASSERT_EQ(::mkfifo((root_ / "model/empty").c_str(), 0600), 0);
  EXPECT_EQ(differences(), "special empty");
}

TEST_F(SigningTest, FindsAPathThatLeadsOutside) {
  std::ofstream(root_ / "secret") << "secret";
  auto manifest = describe_model(model(), {});
  ASSERT_TRUE(manifest);
  for (const char* path : {"../secret", "/etc/passwd", "templates/../../secret"})
    manifest->resources.push_back({path, 0, 0, trust::sha256("secret")});
  ASSERT_TRUE(base::write_file_atomic(signature(), sign_manifest(*manifest, key_, {}).value()));
  EXPECT_EQ(differences(),
            "traversal ../secret, traversal /etc/passwd, traversal templates/../../secret");
}

TEST_F(SigningTest, FindsANameThatIsNotUtf8) {
  sign();
  write("caf\xe9", "x");
  EXPECT_EQ(differences(), "extra caf\xe9");
}

TEST_F(SigningTest, RefusesToSignWhatCannotBeVerified) {
  fs::create_symlink("weights.gguf", root_ / "model/link");
  const auto manifest = describe_model(model(), {});
  ASSERT_FALSE(manifest);
  EXPECT_NE(manifest.error().message.find("link"), std::string::npos);
}

TEST_F(SigningTest, FollowsLinksInsideTheFolderWhenToldTo) {
  fs::create_symlink("weights.gguf", root_ / "model/link");
  sign({.allow_symlinks = true});
  EXPECT_EQ(differences(), "");
  fs::remove(root_ / "model/link");
  fs::rename(root_ / "model/weights.gguf", root_ / "weights.gguf");
  fs::create_symlink("../weights.gguf", root_ / "model/link");
  EXPECT_EQ(differences(), "symlink link, missing weights.gguf");
}

TEST_F(SigningTest, ShardsFindEveryChange) {
  sign({.serialization = Serialization::kShards, .shard_bytes = 10});
  EXPECT_EQ(differences(), "");
  write("weights.gguf", std::string(26, 'w'));
  EXPECT_EQ(differences(), "changed weights.gguf");
  write("weights.gguf", std::string(20, 'w'));
  EXPECT_EQ(differences(), "changed weights.gguf");
  write("weights.gguf", std::string(24, 'w') + "x");
  EXPECT_EQ(differences(), "changed weights.gguf");
  write("weights.gguf", std::string(25, 'w'));
  write("more", "x");
  EXPECT_EQ(differences(), "extra more");
}

TEST_F(SigningTest, OneFileIsAModelToo) {
  const std::string file = model() + "/weights.gguf";
  const auto manifest = describe_model(file, {});
  ASSERT_TRUE(manifest) << manifest.error().message;
  const std::string sig = (root_ / "one.sig").string();
  ASSERT_TRUE(base::write_file_atomic(sig, sign_manifest(*manifest, key_, {}).value()));
  EXPECT_TRUE(verify_model(file, sig, signers_)->differences.empty());
  write("weights.gguf", "other");
  EXPECT_EQ(verify_model(file, sig, signers_)->differences.size(), 1U);
}

TEST_F(SigningTest, AnotherKeyIsRefused) {
  sign();
  signers_[0].key = trust::PrivateKey::generate(trust::KeyKind::kP256).public_key();
  EXPECT_EQ(verify().error().code, base::Code::kPermission);
}

TEST_F(SigningTest, NobodyIsTrustedByDefault) {
  sign();
  signers_.clear();
  EXPECT_EQ(verify().error().code, base::Code::kPermission);
}

TEST_F(SigningTest, AnyFlippedByteOfTheSignatureFileIsRefused) {
  sign();
  const std::string whole = base::read_file(signature()).value();
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    const auto bundle = parse_bundle(flipped);
    if (!bundle) continue;
    const auto verified = verify_signature(*bundle, signers_);
    if (!verified) continue;
    // Bytes that mean nothing may change (`keyid`, the media type's version): never what is signed.
    ++accepted;
    EXPECT_EQ(encode_statement(verified->manifest),
              encode_statement(verify_signature(parse_bundle(whole).value(), signers_)->manifest));
  }
  EXPECT_LT(accepted, 40U);
}

class CertificateSigningTest : public SigningTest {
 protected:
  CertificateSigningTest() { signers_ = {{"authority", std::nullopt, {root_certificate_}, ""}}; }
  trust::PrivateKey root_key_ = trust::PrivateKey::generate(trust::KeyKind::kP384);
  trust::Certificate root_certificate_ = trust::make_certificate(
      {.common_name = "root", .authority = true}, root_key_.public_key(), nullptr, root_key_);
  trust::Certificate leaf_ = trust::make_certificate({.common_name = "plant"}, key_.public_key(),
                                                     &root_certificate_, root_key_);
};

TEST_F(CertificateSigningTest, FollowsFromItsAuthority) {
  sign({.certificates = {leaf_}});
  EXPECT_EQ(differences(), "");
  EXPECT_EQ(verify()->signature.subject, "CN=plant");
}

TEST_F(CertificateSigningTest, AnotherNameIsRefused) {
  sign({.certificates = {leaf_}});
  signers_[0].subject = "CN=clinic";
  EXPECT_EQ(verify().error().code, base::Code::kPermission);
  signers_[0].subject = "CN=plant";
  EXPECT_EQ(differences(), "");
}

TEST_F(CertificateSigningTest, AnAuthorityOfItsOwnIsRefused) {
  const auto impostor = trust::PrivateKey::generate(trust::KeyKind::kP384);
  const auto own_root = trust::make_certificate({.common_name = "root", .authority = true},
                                                impostor.public_key(), nullptr, impostor);
  leaf_ = trust::make_certificate({.common_name = "plant"}, key_.public_key(), &own_root, impostor);
  sign({.certificates = {leaf_, own_root}});
  EXPECT_EQ(verify().error().code, base::Code::kPermission);
}

TEST_F(CertificateSigningTest, ACertificateForOtherUsesIsRefused) {
  leaf_ = trust::make_certificate({.common_name = "plant", .may_sign = false}, key_.public_key(),
                                  &root_certificate_, root_key_);
  const auto manifest = describe_model(model(), {});
  EXPECT_FALSE(sign_manifest(*manifest, key_, {leaf_}));
  // A signer that does not care:
  Bundle bundle;
  bundle.method = Method::kCertificate;
  bundle.certificates = {leaf_};
  bundle.payload = encode_statement(*manifest);
  bundle.signatures = {key_.sign(pre_authentication_encoding(bundle.payload))};
  EXPECT_EQ(verify_signature(bundle, signers_).error().code, base::Code::kPermission);
}

TEST_F(CertificateSigningTest, AKeyDoesNotStandInForACertificate) {
  sign({.certificates = {leaf_}});
  signers_ = {{"plant", key_.public_key(), {}, ""}};
  // The same key, named directly, is a statement about keys: certificates are another method.
  EXPECT_EQ(verify().error().code, base::Code::kPermission);
}

}  // namespace
}  // namespace nearside::package
