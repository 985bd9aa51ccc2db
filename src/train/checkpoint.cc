#include "train/checkpoint.h"

#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/file.h"

namespace nearside::train {
namespace {

// Little-endian as the machine has it; a checkpoint is not meant to travel.
constexpr std::string_view kMagic = "nearside-checkpoint-1\n";
constexpr std::size_t kFileBytesMax = std::size_t{1} << 36;

template <typename T>
void put(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename T>
void put_all(std::string& out, const std::vector<T>& values) {
  put(out, static_cast<std::uint64_t>(values.size()));
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}
template <typename T>
bool take(std::string_view& in, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (in.size() < sizeof value) return false;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return true;
}
template <typename T>
bool take_all(std::string_view& in, std::vector<T>& values) {
  std::uint64_t count = 0;
  if (!take(in, count) || count > in.size() / sizeof(T)) return false;
  values.resize(static_cast<std::size_t>(count));
  if (count != 0) std::memcpy(values.data(), in.data(), values.size() * sizeof(T));
  in.remove_prefix(values.size() * sizeof(T));
  return true;
}

}  // namespace

std::uint64_t fingerprint(std::uint64_t so_far, std::string_view bytes) {
  for (const char byte : bytes)
    so_far = (so_far ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  return so_far;
}

base::Status save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  std::string out(kMagic);
  put(out, checkpoint.fingerprint);
  put(out, static_cast<std::uint64_t>(checkpoint.steps_done));
  put(out, checkpoint.seconds);
  put_all(out, checkpoint.weights);
  put_all(out, checkpoint.first);
  put_all(out, checkpoint.second);
  put_all(out, checkpoint.curve);
  return base::write_file_atomic(path, out);
}

base::Result<Checkpoint> load_checkpoint(const std::string& path, std::uint64_t fingerprint) {
  const std::string content = TRY(base::read_file(path, kFileBytesMax));
  std::string_view in = content;
  Checkpoint out;
  std::uint64_t steps = 0;
  if (!in.starts_with(kMagic))
    return base::fail(base::Code::kCorrupt, "{} is not a checkpoint of this program", path);
  in.remove_prefix(kMagic.size());
  if (!take(in, out.fingerprint) || !take(in, steps) || !take(in, out.seconds))
    return base::fail(base::Code::kCorrupt, "{} is cut short; remove it to start anew", path);
  if (out.fingerprint != fingerprint)
    return base::fail(base::Code::kInvalidArgument,
                      "{} belongs to a run with other data, sizes or options; give the same "
                      "command, or another checkpoint folder",
                      path);
  if (!take_all(in, out.weights) || !take_all(in, out.first) || !take_all(in, out.second) ||
      !take_all(in, out.curve) || !in.empty() || out.first.size() != out.weights.size() ||
      out.second.size() != out.weights.size())
    return base::fail(base::Code::kCorrupt, "{} is damaged; remove it to start anew", path);
  out.steps_done = static_cast<std::size_t>(steps);
  return out;
}

}  // namespace nearside::train
