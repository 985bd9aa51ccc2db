// A TPM emulator (swtpm) of one test's own.
#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

namespace nearside::trust {

/// A fresh TPM behind a unix socket in a temporary folder; ends with the object.
class Swtpm {
 public:
  /// Null where swtpm is not installed.
  static std::unique_ptr<Swtpm> start();
  Swtpm(const Swtpm&) = delete;
  Swtpm& operator=(const Swtpm&) = delete;
  ~Swtpm();

  [[nodiscard]] const std::string& tcti() const { return tcti_; }
  /// As a machine that is switched off and on: registers are zero again, counters and keys stay.
  void restart();

 private:
  explicit Swtpm(std::string folder);
  void spawn();
  void end();
  std::string folder_;
  std::string tcti_;
  pid_t pid_ = -1;
};

}  // namespace nearside::trust
