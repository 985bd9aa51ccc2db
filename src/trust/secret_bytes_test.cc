// Looks for a key where an attacker would: through /proc, from another process, in a core dump.
#include "trust/secret_bytes.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "trust/core_dump_for_test.h"

namespace nearside::trust {
namespace {

TEST(SecretBytes, StartAsZerosAndMove) {
  SecretBytes secret = SecretBytes::create(40).value();
  EXPECT_TRUE(std::ranges::all_of(secret.bytes(), [](std::byte b) { return b == std::byte{0}; }));
  secret.bytes()[0] = std::byte{5};
  const SecretBytes moved = std::move(secret);
  EXPECT_EQ(moved.bytes()[0], std::byte{5});
  EXPECT_EQ(moved.bytes().size(), 40U);
}

TEST(SecretBytes, RandomOnesDiffer) {
  EXPECT_FALSE(
      std::ranges::equal(SecretBytes::random(32)->bytes(), SecretBytes::random(32)->bytes()));
}

/// A pattern that no page holds by chance, made at run time so that the program's text lacks it.
void fill_with_marker(std::span<std::byte> bytes, unsigned seed) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>((i * 197 + seed * 31 + 17) % 251);
}

/// A child holds a key and waits; `look` may do what root can to it.
void with_victim(
    const std::function<void(pid_t victim, const std::byte* address, SecretPlace place)>& look) {
  int to_parent[2];
  int to_child[2];
  ASSERT_EQ(::pipe(to_parent), 0);
  ASSERT_EQ(::pipe(to_child), 0);
  const pid_t victim = ::fork();
  ASSERT_GE(victim, 0);
  struct Told {
    const std::byte* address;
    SecretPlace place;
  };
  if (victim == 0) {
    ::close(to_child[1]);
    SecretBytes secret = SecretBytes::create(32).value();
    fill_with_marker(secret.bytes(), 9);
    const Told told{secret.bytes().data(), secret.place()};
    if (::write(to_parent[1], &told, sizeof told) != sizeof told) ::_exit(1);
    char wait = 0;
    static_cast<void>(::read(to_child[0], &wait, 1));
    ::_exit(0);
  }
  Told told{};
  ASSERT_EQ(::read(to_parent[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
  look(victim, told.address, told.place);
  for (const int fd : {to_parent[0], to_parent[1], to_child[0], to_child[1]}) ::close(fd);
  int status = 0;
  ::waitpid(victim, &status, 0);
}

TEST(SecretBytes, AreNotFoundThroughProcMem) {
  with_victim([](pid_t victim, const std::byte* address, SecretPlace place) {
    if (place != SecretPlace::kSecretMemory) GTEST_SKIP() << "this kernel has no memfd_secret";
    const base::UniqueFd memory(
        ::open(("/proc/" + std::to_string(victim) + "/mem").c_str(), O_RDONLY));
    if (!memory.valid()) GTEST_SKIP() << "may not open another process's memory anyway";
    std::byte found[32];
    EXPECT_EQ(::pread(memory.get(), found, sizeof found,
                      static_cast<off_t>(reinterpret_cast<std::uintptr_t>(address))),
              -1);
  });
}

TEST(SecretBytes, AreNotFoundByReadingAnotherProcess) {
  with_victim([](pid_t victim, const std::byte* address, SecretPlace place) {
    if (place != SecretPlace::kSecretMemory) GTEST_SKIP() << "this kernel has no memfd_secret";
    std::byte found[32];
    const iovec local{found, sizeof found};
    const iovec remote{const_cast<std::byte*>(address), sizeof found};
    EXPECT_EQ(::process_vm_readv(victim, &local, 1, &remote, 1, 0), -1);
  });
}

TEST(SecretBytes, AreNowhereElseInTheProcessEither) {
  std::vector<std::byte> marker(32);
  with_victim([&](pid_t victim, const std::byte*, SecretPlace) {
    fill_with_marker(marker, 9);
    std::ifstream maps("/proc/" + std::to_string(victim) + "/maps");
    const base::UniqueFd memory(
        ::open(("/proc/" + std::to_string(victim) + "/mem").c_str(), O_RDONLY));
    if (!memory.valid()) GTEST_SKIP() << "may not open another process's memory";
    std::string line;
    std::size_t searched = 0;
    while (std::getline(maps, line)) {
      // The secret's own pages are only spared where the kernel has no secret memory.
      if (line.find("secretmem") != std::string::npos) continue;
      unsigned long begin = 0;
      unsigned long end = 0;
      if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2) continue;
      if (end - begin > (256UL << 20)) continue;  // sanitizers' shadow
      std::vector<std::byte> bytes(end - begin);
      const ssize_t got =
          ::pread(memory.get(), bytes.data(), bytes.size(), static_cast<off_t>(begin));
      if (got <= 0) continue;
      searched += static_cast<std::size_t>(got);
      const auto found =
          std::search(bytes.begin(), bytes.begin() + got, marker.begin(), marker.end());
      EXPECT_EQ(found, bytes.begin() + got) << "in " << line;
    }
    EXPECT_GT(searched, std::size_t{1} << 20);
  });
}

TEST(SecretBytes, AreInNoCore) {
  // Markers are made only for the look, so that the child has no copy.
  const auto has = [](const std::string& core, std::uint8_t seed) {
    std::string marker(32, '\0');
    fill_with_marker(std::as_writable_bytes(std::span(marker)), seed);
    const bool found = core.find(marker) != std::string::npos;
    ::explicit_bzero(marker.data(), marker.size());
    return found;
  };
  const auto core = core_of(
      [] {
        SecretBytes secret = SecretBytes::create(32).value();
        fill_with_marker(secret.bytes(), 21);
        std::vector<std::byte> heap(32);
        fill_with_marker(heap, 22);
        std::abort();
      },
      [&](const std::string& written) { return has(written, 22); });
  if (!core) GTEST_SKIP() << "no core was written";
  EXPECT_TRUE(has(*core, 22)) << "the core has no heap to look in";
  EXPECT_FALSE(has(*core, 21));
}

TEST(SecretBytes, ChildrenDoNotInheritThem) {
  SecretBytes secret = SecretBytes::create(32).value();
  fill_with_marker(secret.bytes(), 3);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Asks the kernel to read the address for us: gone, or zeros.
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) ::_exit(2);
    const ssize_t put = ::write(pipe_ends[1], secret.bytes().data(), 32);
    std::byte read_back[32] = {};
    if (put > 0 && ::read(pipe_ends[0], read_back, 32) != 32) ::_exit(2);
    const bool zeros =
        std::ranges::all_of(read_back, [](std::byte b) { return b == std::byte{0}; });
    ::_exit(put < 0 || zeros ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Process, CanBeMadeUndumpable) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool done = make_process_undumpable().has_value();
    ::_exit(done && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace nearside::trust
