#include "gguf/writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <type_traits>

#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace nearside::gguf {

using base::Code;
using base::fail;

namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF" as a little-endian number
constexpr std::uint32_t kVersion = 3;
constexpr std::string_view kAlignmentKey = "general.alignment";

template <typename T>
void append_number(std::string& out, T value) {
  static_assert(std::is_arithmetic_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void append_string(std::string& out, std::string_view text) {
  append_number<std::uint64_t>(out, text.size());
  out.append(text);
}

void append_type(std::string& out, ValueType type) {
  append_number(out, static_cast<std::uint32_t>(type));
}

template <typename T>
constexpr ValueType type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return ValueType::kUint8;
  if constexpr (std::is_same_v<T, std::uint32_t>) return ValueType::kUint32;
  if constexpr (std::is_same_v<T, std::int32_t>) return ValueType::kInt32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return ValueType::kUint64;
  if constexpr (std::is_same_v<T, float>) return ValueType::kFloat32;
  if constexpr (std::is_same_v<T, bool>) return ValueType::kBool;
  if constexpr (std::is_same_v<T, std::string>) return ValueType::kString;
}

struct Append {
  std::string& out;

  template <typename T>
  void operator()(const T& number) const {
    append_type(out, type_of<T>());
    append_number(out, number);
  }
  void operator()(const std::string& text) const {
    append_type(out, ValueType::kString);
    append_string(out, text);
  }
  template <typename T>
  void operator()(const std::vector<T>& items) const {
    append_type(out, ValueType::kArray);
    append_type(out, type_of<T>());
    append_number<std::uint64_t>(out, items.size());
    for (const T& item : items)
      if constexpr (std::is_same_v<T, std::string>)
        append_string(out, item);
      else
        append_number(out, item);
  }
};

std::size_t aligned(std::size_t bytes) {
  return (bytes + kDefaultAlignment - 1) / kDefaultAlignment * kDefaultAlignment;
}

base::Status write_all(int fd, std::span<const char> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(Code::kIo, "cannot write {}: {}", path, std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

void Writer::put(std::string key, std::string encoded) {
  const auto old = std::find_if(metadata_.begin(), metadata_.end(),
                                [&key](const Pair& pair) { return pair.key == key; });
  if (old != metadata_.end())
    old->encoded = std::move(encoded);
  else
    metadata_.push_back({std::move(key), std::move(encoded)});
}

void Writer::add(std::string key, const WriteValue& value) {
  CHECK(!key.empty() && key.size() <= Limits{}.key_bytes_max && key != kAlignmentKey);
  std::string encoded;
  append_string(encoded, key);
  std::visit(Append{encoded}, value);
  put(std::move(key), std::move(encoded));
}

void Writer::add_copy(const Metadata& from) {
  if (from.key == kAlignmentKey) return;
  put(std::string(from.key),
      std::string(reinterpret_cast<const char*>(from.encoded.data()), from.encoded.size()));
}

void Writer::copy_metadata(const File& from, std::string_view prefix) {
  for (const Metadata& entry : from.metadata())
    if (entry.key.starts_with(prefix)) add_copy(entry);
}

void Writer::add_tensor(std::string name, TensorType type, std::vector<std::uint64_t> dims,
                        Fill fill) {
  CHECK(!name.empty() && name.size() <= Limits{}.tensor_name_bytes_max);
  CHECK(std::none_of(tensors_.begin(), tensors_.end(),
                     [&name](const PendingTensor& other) { return other.name == name; }));
  CHECK(!dims.empty() && dims.size() <= 4);
  CHECK(dims[0] % tensor_type_info(type).block_elements == 0);
  std::size_t elements = 1;
  for (const std::uint64_t dim : dims)
    CHECK(dim > 0 && !__builtin_mul_overflow(elements, dim, &elements));
  const std::size_t size_bytes = tensor_bytes(type, elements);
  const std::size_t offset_bytes = data_bytes_;
  data_bytes_ = aligned(offset_bytes + size_bytes);
  CHECK(data_bytes_ >= size_bytes);
  tensors_.push_back(
      {std::move(name), type, std::move(dims), size_bytes, offset_bytes, std::move(fill)});
}

std::string Writer::header() const {
  std::string out;
  append_number(out, kMagic);
  append_number(out, kVersion);
  append_number<std::uint64_t>(out, tensors_.size());
  append_number<std::uint64_t>(out, metadata_.size());
  for (const Pair& pair : metadata_) out += pair.encoded;
  for (const PendingTensor& tensor : tensors_) {
    append_string(out, tensor.name);
    append_number(out, static_cast<std::uint32_t>(tensor.dims.size()));
    for (const std::uint64_t dim : tensor.dims) append_number(out, dim);
    append_number(out, static_cast<std::uint32_t>(tensor.type));
    append_number<std::uint64_t>(out, tensor.offset_bytes);
  }
  out.resize(aligned(out.size()), '\0');
  return out;
}

base::Status Writer::write(const std::string& path) const {
  const std::string temporary = path + ".partial";
  base::UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return fail(Code::kIo, "cannot create {}: {}", temporary, std::strerror(errno));
  const auto attempt = [&]() -> base::Status {
    TRY(write_all(fd.get(), header(), temporary));
    std::vector<char> buffer;
    for (const PendingTensor& tensor : tensors_) {
      buffer.assign(aligned(tensor.size_bytes), '\0');
      tensor.fill(std::as_writable_bytes(std::span(buffer)).first(tensor.size_bytes));
      TRY(write_all(fd.get(), buffer, temporary));
    }
    if (::fsync(fd.get()) != 0)
      return fail(Code::kIo, "cannot flush {}: {}", temporary, std::strerror(errno));
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      return fail(Code::kIo, "cannot rename {} to {}: {}", temporary, path, std::strerror(errno));
    return {};
  };
  base::Status status = attempt();
  if (!status) ::unlink(temporary.c_str());
  return status;
}

std::string Writer::to_bytes() const {
  std::string out = header();
  const std::size_t data_start = out.size();
  out.resize(data_start + data_bytes_, '\0');
  for (const PendingTensor& tensor : tensors_)
    tensor.fill(std::as_writable_bytes(std::span(out))
                    .subspan(data_start + tensor.offset_bytes, tensor.size_bytes));
  return out;
}

}  // namespace nearside::gguf
