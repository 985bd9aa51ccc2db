#include "cli/model_description.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/utf8.h"

namespace nearside::cli {

namespace json = base::json;

namespace {

constexpr std::size_t kTextBytesShown = 72;  // of a string, so that a value stays on its line

/// Control characters escaped; all bytes above 7F too when they do not form UTF-8.
std::string printable(std::string_view text) {
  const bool utf8 = base::is_valid_utf8(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8))
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::string shortened(std::string_view text) {
  if (text.size() <= kTextBytesShown) return printable(text);
  std::size_t cut = kTextBytesShown;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80) --cut;
  return fmt::format("{}... ({} bytes)", printable(text.substr(0, cut)), text.size());
}

std::string human_bytes(std::size_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits = {"B", "KiB", "MiB", "GiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

/// Shortest digits that give the same float again: 1e-06, not 9.999999974752427e-07.
std::string float_digits(double number, gguf::ValueType type) {
  return type == gguf::ValueType::kFloat32 ? fmt::format("{}", static_cast<float>(number))
                                           : fmt::format("{}", number);
}

json::value float_json(double number, gguf::ValueType type) {
  if (!std::isfinite(number)) return nullptr;
  return std::strtod(float_digits(number, type).c_str(), nullptr);
}

/// An array without the elements past kArrayElementsShown, decoded without copying the rest.
struct Head {
  std::vector<std::string> text;
  json::array json;
};

template <typename T>
void add_integers(const gguf::Array& array, Head& head) {
  std::vector<T> numbers = array.numbers<T>();
  numbers.resize(std::min(numbers.size(), kArrayElementsShown));
  for (const T number : numbers) {
    head.text.push_back(fmt::format("{}", number));
    head.json.emplace_back(number);
  }
}

Head head_of(const gguf::Array& array) {
  using gguf::ValueType;
  Head head;
  const std::size_t shown = std::min(array.size(), kArrayElementsShown);
  switch (array.element_type()) {
    case ValueType::kString: {
      const std::vector<std::string_view> strings = array.strings();
      for (const std::string_view text : std::span(strings).first(shown)) {
        head.text.push_back('"' + shortened(text) + '"');
        head.json.emplace_back(base::is_valid_utf8(text) ? std::string(text) : printable(text));
      }
      break;
    }
    case ValueType::kFloat32:
    case ValueType::kFloat64: {
      const std::vector<double> numbers = array.numbers<double>();
      for (const double number : std::span(numbers).first(shown)) {
        head.text.push_back(float_digits(number, array.element_type()));
        head.json.push_back(float_json(number, array.element_type()));
      }
      break;
    }
    case ValueType::kBool:
      for (const std::uint32_t flag : array.numbers<std::uint32_t>()) {
        if (head.text.size() == shown) break;
        head.text.emplace_back(flag != 0 ? "true" : "false");
        head.json.emplace_back(flag != 0);
      }
      break;
    case ValueType::kUint64:
      add_integers<std::uint64_t>(array, head);
      break;
    default:
      add_integers<std::int64_t>(array, head);
  }
  return head;
}

struct ValueText {
  gguf::ValueType type;
  std::string operator()(std::uint64_t number) const { return fmt::format("{}", number); }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return float_digits(number, type); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(std::string_view text) const { return shortened(text); }
  std::string operator()(const gguf::Array& array) const {
    const bool more = array.size() > kArrayElementsShown;
    return fmt::format("[{}{}]", fmt::join(head_of(array).text, ", "), more ? ", ..." : "");
  }
};

struct ValueJson {
  gguf::ValueType type;
  json::object operator()(const gguf::Array& array) const {
    return {{"type", "array"},
            {"element_type", gguf::value_type_name(array.element_type())},
            {"count", array.size()},
            {"first", head_of(array).json}};
  }
  json::object operator()(double number) const { return scalar(float_json(number, type)); }
  template <typename T>
  json::object operator()(const T& value) const {
    return scalar(json::value(value));
  }

 private:
  [[nodiscard]] json::object scalar(json::value value) const {
    return {{"type", gguf::value_type_name(type)}, {"value", std::move(value)}};
  }
};

std::string type_text(const gguf::Metadata& entry) {
  if (const auto* array = std::get_if<gguf::Array>(&entry.value))
    return fmt::format("{}[{}]", gguf::value_type_name(array->element_type()), array->size());
  return std::string(gguf::value_type_name(entry.type));
}

struct Sum {
  std::size_t parameters = 0;
  std::size_t weight_bytes = 0;
};

Sum sum_of(const gguf::File& file) {
  Sum sum;
  for (const gguf::Tensor& tensor : file.tensors()) {
    sum.parameters += tensor.columns() * tensor.rows();
    sum.weight_bytes += tensor.data.size();
  }
  return sum;
}

std::span<const std::uint64_t> dims_of(const gguf::Tensor& tensor) {
  return std::span(tensor.dims).first(tensor.dims_count);
}

}  // namespace

std::string describe_text(const gguf::File& file, const std::string& path) {
  const Sum sum = sum_of(file);
  std::string out;
  auto end = std::back_inserter(out);
  fmt::format_to(end, "{}: GGUF version {}, {}; {} parameters in {} tensors, {}\n", path,
                 file.version(), human_bytes(file.size_bytes()), sum.parameters,
                 file.tensors().size(), human_bytes(sum.weight_bytes));
  fmt::format_to(end, "\nmetadata ({}):\n", file.metadata().size());
  for (const gguf::Metadata& entry : file.metadata())
    fmt::format_to(end, "  {:<40} {:<16} {}\n", printable(entry.key), type_text(entry),
                   std::visit(ValueText{entry.type}, entry.value));
  fmt::format_to(end, "\ntensors ({}):\n", file.tensors().size());
  for (const gguf::Tensor& tensor : file.tensors())
    fmt::format_to(end, "  {:<40} {:<8} {:<24} {:>10}\n", printable(tensor.name),
                   gguf::tensor_type_info(tensor.type).name,
                   fmt::format("[{}]", fmt::join(dims_of(tensor), ", ")),
                   human_bytes(tensor.data.size()));
  return out;
}

json::object describe_json(const gguf::File& file, const std::string& path) {
  const Sum sum = sum_of(file);
  json::object metadata;
  for (const gguf::Metadata& entry : file.metadata())
    metadata[entry.key] = std::visit(ValueJson{entry.type}, entry.value);
  json::array tensors;
  for (const gguf::Tensor& tensor : file.tensors()) {
    const auto dims = dims_of(tensor);
    tensors.push_back(json::object{{"name", tensor.name},
                                   {"type", gguf::tensor_type_info(tensor.type).name},
                                   {"dims", json::array(dims.begin(), dims.end())},
                                   {"size_bytes", tensor.data.size()}});
  }
  return {{"file", path},
          {"version", file.version()},
          {"size_bytes", file.size_bytes()},
          {"parameters", sum.parameters},
          {"weight_bytes", sum.weight_bytes},
          {"metadata", std::move(metadata)},
          {"tensors", std::move(tensors)}};
}

}  // namespace nearside::cli
