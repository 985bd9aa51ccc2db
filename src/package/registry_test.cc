// Against Debian's docker-registry, on loopback, in a folder of its own; and with skopeo.
#include "package/registry.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "package/oci_layout.h"

namespace nearside::package {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr const char* kRegistry = "/usr/bin/docker-registry";
constexpr const char* kSkopeo = "/usr/bin/skopeo";

/// Runs a program to its end; its exit status.
int run(const std::vector<std::string>& arguments) {
  std::vector<std::string> copy = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : copy) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t pid = -1;
  if (::posix_spawn(&pid, pointers[0], nullptr, nullptr, pointers.data(), environ) != 0) return -1;
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A port that was free a moment ago: the registry cannot tell which one it chose by itself.
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) return 0;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

class RegistryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kRegistry)) GTEST_SKIP() << "docker-registry is not installed";
    root_ = fs::path(testing::TempDir()) / ("nearside_registry_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "model");
    fs::create_directories(root_ / "storage");
    std::ofstream(root_ / "model/plant.gguf", std::ios::binary)
        << "GGUF\x03\0\0\0"s << std::string(100'000, 'w');
    std::ofstream(root_ / "model/README.md") << "# plant";
    std::ofstream(root_ / "model/empty.txt");
    port_ = free_port();
    std::ofstream(root_ / "config.yml")
        << "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "
        << (root_ / "storage").string() << "}}\nhttp: {addr: \"127.0.0.1:" << port_ << "\"}\n";
    std::string arguments[] = {kRegistry, "serve", (root_ / "config.yml").string()};
    char* pointers[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int fd : {1, 2})
      ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawn(&pid_, kRegistry, &actions, nullptr, pointers, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ASSERT_TRUE(wait_listening());
    const auto packed = pack(model(), layout(), {.name = "plant", .version = "1.2"});
    ASSERT_TRUE(packed) << packed.error().message;
    digest_ = *packed;
  }
  void TearDown() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (!root_.empty()) fs::remove_all(root_);
  }

  [[nodiscard]] bool wait_listening() const {
    for (int i = 0; i < 2000; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(static_cast<std::uint16_t>(port_));
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const bool up = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
      ::close(fd);
      if (up) return true;
      ::poll(nullptr, 0, 5);
    }
    return false;
  }

  [[nodiscard]] std::string model() const { return (root_ / "model").string(); }
  [[nodiscard]] std::string layout() const { return (root_ / "layout").string(); }
  [[nodiscard]] std::string pulled() const { return (root_ / "pulled").string(); }
  [[nodiscard]] Reference reference(const std::string& tag = "1.2") const {
    return {"127.0.0.1:" + std::to_string(port_), "models/plant", tag, true};
  }
  [[nodiscard]] std::string docker_name() const {
    return "docker://127.0.0.1:" + std::to_string(port_) + "/models/plant:1.2";
  }
  void expect_same(const std::string& other_layout) {
    const std::string out = (root_ / "out").string();
    const base::Status status = unpack(other_layout, out);
    ASSERT_TRUE(status) << status.error().message;
    for (const auto& item : fs::directory_iterator(model()))
      EXPECT_EQ(base::read_file(out + "/" + item.path().filename().string()).value(),
                base::read_file(item.path().string()).value());
  }

  fs::path root_;
  int port_ = 0;
  pid_t pid_ = -1;
  std::string digest_;
  std::unique_ptr<http::Client> client_ = http::Client::create();
  RegistryOptions options_{.piece_bytes = 30'000};
};

TEST_F(RegistryTest, WhatIsPushedIsPulled) {
  const auto pushed = push(*client_, layout(), reference(), options_);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ(*pushed, digest_);
  const auto got = pull(*client_, reference(), pulled(), options_);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, digest_);
  expect_same(pulled());
  // Again: every blob is there already.
  EXPECT_TRUE(push(*client_, layout(), reference("1.3"), options_));
}

TEST_F(RegistryTest, ADigestNamesExactlyOneManifest) {
  ASSERT_TRUE(push(*client_, layout(), reference(), options_));
  EXPECT_TRUE(pull(*client_, reference(digest_), pulled(), options_));
  EXPECT_EQ(pull(*client_, reference("9.9"), (root_ / "none").string(), options_).error().code,
            base::Code::kNotFound);
}

TEST_F(RegistryTest, ARegistryThatChangesABlobIsFoundOut) {
  ASSERT_TRUE(push(*client_, layout(), reference(), options_));
  for (const auto& item : fs::recursive_directory_iterator(root_ / "storage"))
    if (item.is_regular_file() && item.file_size() > 50'000) {
      std::string bytes = base::read_file(item.path().string()).value();
      bytes[60'000] = 'x';
      std::ofstream(item.path(), std::ios::binary | std::ios::trunc) << bytes;
    }
  const auto got = pull(*client_, reference(), pulled(), options_);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, base::Code::kCorrupt) << got.error().message;
}

TEST_F(RegistryTest, SkopeoTakesOurLayoutsAndWeTakeSkopeos) {
  if (!fs::exists(kSkopeo)) GTEST_SKIP() << "skopeo is not installed";
  ASSERT_EQ(run({kSkopeo, "--insecure-policy", "copy", "-q", "--dest-tls-verify=false",
                 "oci:" + layout() + ":1.2", docker_name()}),
            0);
  const auto got = pull(*client_, reference(), pulled(), options_);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, digest_);
  const std::string theirs = (root_ / "theirs").string();
  ASSERT_EQ(run({kSkopeo, "--insecure-policy", "copy", "-q", "--src-tls-verify=false",
                 docker_name(), "oci:" + theirs + ":1.2"}),
            0);
  expect_same(theirs);
}

TEST(Reference, IsHostNameAndTag) {
  const auto reference = parse_reference("registry.example:5000/models/plant:1.2");
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->host, "registry.example:5000");
  EXPECT_EQ(reference->repository, "models/plant");
  EXPECT_EQ(reference->tag, "1.2");
  EXPECT_EQ(parse_reference("r/p@sha256:00")->tag, "sha256:00");
  for (const char* text : {"", "plant", "plant:1", "host/plant", "host/../x:1", "host/Plant:1",
                           "host/p:1?x", "ho st/p:1", "host/p:"})
    EXPECT_FALSE(parse_reference(text)) << text;
}

TEST(Registry, SpeaksWithoutTlsToThisMachineOnly) {
  const auto client = http::Client::create();
  const Reference elsewhere{"registry.example:80", "p", "1", true};
  EXPECT_EQ(pull(*client, elsewhere, "/nonexistent/x", {}).error().code,
            base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace nearside::package
