// A gateway that is the attacker's by assumption: the test's own code runs inside a confined,
// serving node, and tries for its weights and its policy.
#include "cli/confinement.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/node.h"
#include "cli/sealed_model_for_test.h"
#include "http/raw_socket_for_test.h"
#include "model/tiny_model.h"
#include "worker/worker_starter.h"

namespace nearside::cli {
namespace {

namespace fs = std::filesystem;
using base::Code;

class ConfinementTest : public testing::Test {
 protected:
  void SetUp() override {
    if (trust::landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    folder_ = fs::canonical(testing::TempDir()) / fmt::format("nearside_confined_{}", ::getpid());
    for (const char* name : {"etc", "keys", "models", "state"})
      fs::create_directories(folder_ / name);
    model_ = folder_ / "models" / "tiny.gguf";
    key_ = folder_ / "keys" / "node.key";
    config_ = folder_ / "etc" / "nearside.yaml";
    plain_ = model::tiny_file("llama");
    write(model_, plain_);
    const trust::KeySource source = seal_in_place(folder_ / "models", model_.string(), key_);
    text_ = fmt::format(
        "listen: [\"127.0.0.1:0\"]\nlog: {{level: error}}\n"
        "models:\n  - name: tiny\n    file: {}\n    context_tokens: 128\n    threads: 1\n"
        "    sealed: {{envelope: {}, key_file: {}}}\n"
        "targets: [{{name: device/tiny, place: device, model: tiny}}]\n"
        "ledger: {{file: {}}}\n",
        model_.string(), source.envelope_file, key_.string(),
        (folder_ / "state" / "ledger").string());
    write(config_, text_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  base::Result<gateway::Config> config(const std::string& more = "") {
    return gateway::parse_config(text_ + more, config_.string());
  }
  std::string refusal(const std::string& more) {
    const auto config = this->config(more);
    if (!config) return "not read: " + config.error().message;
    const auto plan = plan_confinement(*config);
    if (plan) return "";
    EXPECT_EQ(plan.error().code, Code::kInvalidArgument);
    return plan.error().message;
  }

  fs::path folder_, model_, key_, config_;
  std::string plain_, text_;
};

/// What the attacker's code reports to the test: a line each.
class Findings {
 public:
  explicit Findings(int fd) : fd_(fd) {}
  void say(const std::string& line) const {
    static_cast<void>(::write(fd_, (line + "\n").data(), line.size() + 1));
  }
  void tried(const char* what, bool succeeded) const {
    say(fmt::format("{}: {}", what, succeeded ? "OPEN" : "refused"));
  }

 private:
  const int fd_;
};

bool opens(const fs::path& path, int flags) {
  return base::UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0600)).valid();
}

bool runs_a_program() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/true", "true", nullptr);
    ::_exit(99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 99;
}

/// Children of this process, as far as it may see: the starter and the workers.
std::vector<pid_t> children() {
  std::ifstream file(fmt::format("/proc/self/task/{}/children", ::getpid()));
  std::vector<pid_t> all;
  for (pid_t pid = 0; file >> pid;) all.push_back(pid);
  return all;
}

/// Every way to another process's memory and descriptors.
void look_into(pid_t other, const Findings& findings) {
  const std::string folder = fmt::format("/proc/{}/", other);
  findings.tried("reads another process's memory file", opens(folder + "mem", O_RDONLY));
  findings.tried("reads another process's map", opens(folder + "maps", O_RDONLY));
  char byte = 0;
  const iovec local{&byte, 1};
  const iovec remote{reinterpret_cast<void*>(&look_into), 1};
  const ssize_t got = ::process_vm_readv(other, &local, 1, &remote, 1, 0);
  findings.tried("process_vm_readv", got >= 0 || errno != EPERM);
  findings.tried("traces another process", ::ptrace(PTRACE_SEIZE, other, nullptr, nullptr) == 0);
  const base::UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, other, 0)));
  for (int fd = 0; fd < 8; ++fd)
    findings.tried("takes another process's descriptor",
                   ::syscall(SYS_pidfd_getfd, pidfd.get(), fd, 0) >= 0);
}

std::string get(const Node& node, const std::string& path) {
  const std::string address = node.addresses().at(0);
  std::uint16_t port = 0;
  const std::string digits = address.substr(address.rfind(':') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  http::RawSocket socket(port);
  socket.send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path));
  return socket.receive_all();
}

bool gets_ready(const Node& node) {
  for (int i = 0; i < 600; ++i) {
    if (get(node, "/readyz").starts_with("HTTP/1.1 200")) return true;
    ::usleep(50'000);
  }
  return false;
}

/// Runs `attack` inside a confined node that serves, in a process of its own; what it said.
std::string inside_a_confined_node(
    const gateway::Config& config,
    const std::function<void(const Findings&, worker::WorkerStarter&)>& attack) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const Findings findings(ends[1]);
    const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "nearside";
    const auto starter = worker::WorkerStarter::start(program.string());
    const auto plan = plan_confinement(config);
    const base::Status closed = trust::landlock_confine(plan.value().rules);
    auto node = Node::start(config, {}, starter->get());
    if (!closed || !node || !gets_ready(**node)) {
      findings.say("the node does not serve: " + (node ? "not ready" : node.error().message));
      ::_exit(1);
    }
    attack(findings, **starter);
    findings.say("the node still serves: " + get(**node, "/readyz").substr(0, 12));
    node->reset();
    findings.say("done");
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << said;
  return said;
}

TEST_F(ConfinementTest, ACompromisedGatewayCanNeitherReadWeightsNorWidenItsPolicy) {
  const fs::path link = folder_ / "state" / "link";
  const std::string said = inside_a_confined_node(
      config().value(), [&](const Findings& findings, worker::WorkerStarter& starter) {
        // The weights: their key, the memory of who has them open, another program to fetch either.
        findings.tried("reads the key file", opens(key_, O_RDONLY));
        findings.tried("links the key file", ::link(key_.c_str(), link.c_str()) == 0);
        findings.tried("moves the key file", ::rename(key_.c_str(), link.c_str()) == 0);
        findings.tried("reads the key file by another way",
                       opens("/proc/self/root" + key_.string(), O_RDONLY));
        findings.tried("lists the keys", opens(key_.parent_path(), O_RDONLY | O_DIRECTORY));
        findings.tried("opens a TPM", opens("/dev/tpmrm0", O_RDWR));
        const std::vector<pid_t> others = children();
        findings.say(fmt::format("processes seen: {}", others.size()));
        for (const pid_t other : others) look_into(other, findings);
        findings.tried("runs a program", runs_a_program());
        std::vector<base::UniqueFd> files;
        files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        findings.tried("has another program run",
                       starter.spawn({"serve"}, files[0].get(), 2, files).has_value());
        // The policy: what the node will believe tomorrow.
        findings.tried("changes its configuration", opens(config_, O_WRONLY));
        findings.tried("truncates its configuration", ::truncate(config_.c_str(), 0) == 0);
        findings.tried("removes its configuration", ::unlink(config_.c_str()) == 0);
        findings.tried("puts a file beside its configuration",
                       opens(config_.parent_path() / "x", O_CREAT | O_WRONLY));
        write(folder_ / "state" / "mine.yaml", "listen: [\"0.0.0.0:80\"]\n");
        findings.tried("puts another configuration in its place",
                       ::rename((folder_ / "state" / "mine.yaml").c_str(), config_.c_str()) == 0);
        findings.tried("changes the model", opens(model_, O_WRONLY));
        findings.tried("changes the key envelope",
                       opens(folder_ / "models" / "envelope.json", O_WRONLY));
        findings.tried("writes to the system", opens("/etc/nearside-test", O_CREAT | O_WRONLY));
        // What it is for goes on.
        findings.say(opens(config_, O_RDONLY) ? "reads its configuration" : "is blind");
      });
  EXPECT_EQ(said.find("OPEN"), std::string::npos) << said;
  EXPECT_NE(said.find("processes seen: 2"), std::string::npos) << said;
  EXPECT_NE(said.find("reads its configuration"), std::string::npos) << said;
  EXPECT_NE(said.find("still serves: HTTP/1.1 200"), std::string::npos) << said;
  EXPECT_NE(said.find("done"), std::string::npos) << said;
  EXPECT_EQ(base::read_file(config_.string()).value(), text_);
}

// The same probes are not refused for another reason: without the confinement they succeed.
TEST_F(ConfinementTest, TheProbesFindWhatIsOpen) {
  EXPECT_TRUE(opens(key_, O_RDONLY));
  EXPECT_TRUE(opens(config_, O_WRONLY));
  EXPECT_TRUE(runs_a_program());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  look_into(child, Findings(ends[1]));
  ::close(ends[1]);
  char said[4096] = {};
  static_cast<void>(::read(ends[0], said, sizeof said - 1));
  ::close(ends[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(std::strstr(said, "memory file: OPEN"), nullptr) << said;
  EXPECT_NE(std::strstr(said, "process_vm_readv: OPEN"), nullptr) << said;
}

TEST_F(ConfinementTest, AKeyBesideTheConfigurationIsLeftOutAlone) {
  fs::rename(key_, config_.parent_path() / "node.key");
  key_ = config_.parent_path() / "node.key";
  write(config_.parent_path() / "other.pem", "x");
  const std::string from = (folder_ / "keys" / "node.key").string();
  text_.replace(text_.find(from), from.size(), key_.string());
  write(config_, text_);
  const std::string said = inside_a_confined_node(
      config().value(), [&](const Findings& findings, worker::WorkerStarter&) {
        findings.tried("reads the key file", opens(key_, O_RDONLY));
        findings.say(opens(config_.parent_path() / "other.pem", O_RDONLY) ? "sees" : "is blind");
      });
  EXPECT_NE(said.find("reads the key file: refused\nsees\n"), std::string::npos) << said;
}

TEST_F(ConfinementTest, SaysWhatContradictsIt) {
  EXPECT_EQ(refusal(""), "");
  const std::string shared = refusal(
      fmt::format("templates: [{{name: t, version: 1, file: t.sealed, sealed: {{envelope: e, "
                  "key_file: {}}}}}]\n",
                  key_.string()));
  EXPECT_NE(shared.find("a key file of its own"), std::string::npos) << shared;
  const std::string by_tpm = refusal(
      "templates: [{name: t, version: 1, file: t.sealed, sealed: {envelope: e, tpm: "
      "\"device:/dev/tpmrm0\"}}]\n");
  EXPECT_NE(by_tpm.find("seal the template by a key file"), std::string::npos) << by_tpm;
  const std::string beside = refusal(
      fmt::format("feedback: {{file: {}}}\n", (config_.parent_path() / "feedback.jsonl").string()));
  EXPECT_NE(beside.find("a folder of their own"), std::string::npos) << beside;
}

TEST_F(ConfinementTest, AKeyThatWasNotKeptOutNeedsARestart) {
  const auto plan = plan_confinement(config().value());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(still_confined(*plan, config().value()));
  gateway::Config changed = config().value();
  changed.models[0].sealed.key_file = (folder_ / "etc" / "new.key").string();
  const base::Status still = still_confined(*plan, changed);
  ASSERT_FALSE(still);
  EXPECT_EQ(still.error().code, Code::kPermission);
  EXPECT_NE(still.error().message.find("restart"), std::string::npos);
}

}  // namespace
}  // namespace nearside::cli
