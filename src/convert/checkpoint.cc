#include "convert/checkpoint.h"

#include <cmath>
#include <filesystem>
#include <set>

#include "base/file.h"

namespace nearside::convert {

namespace json = base::json;
using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kJsonBytesMax = 256U << 20;  // tokenizer.json of 262,144 tokens has 33 MB
constexpr std::size_t kJsonDepthMax = 32;

Result<json::object> read_object(const std::filesystem::path& path) {
  const std::string text = TRY(base::read_file(path.string(), kJsonBytesMax));
  base::Result<json::value> value = base::parse_json(text, kJsonDepthMax);
  if (!value)
    return fail(Code::kCorrupt, "{} is not JSON: {}", path.string(), value.error().message);
  if (!value->is_object())
    return fail(Code::kCorrupt, "{} does not hold a JSON object", path.string());
  return std::move(value->get_object());
}

/// The files of model.safetensors.index.json.
Result<std::set<std::string>> shard_names(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "model.safetensors.index.json";
  const json::object index = TRY(read_object(path));
  const json::value* const map = index.if_contains("weight_map");
  if (map == nullptr || !map->is_object())
    return fail(Code::kCorrupt, "{} has no weight_map", path.string());
  std::set<std::string> names;
  for (const auto& member : map->get_object()) {
    const json::string* const name = member.value().if_string();
    // A name, never a way out of the folder.
    if (name == nullptr || name->empty() || name->find('/') != json::string::npos)
      return fail(Code::kCorrupt, "{} maps {} to something that is no file name", path.string(),
                  std::string_view(member.key()));
    names.emplace(std::string_view(*name));
    if (names.size() > kShardsMax)
      return fail(Code::kTooLarge, "{} names more than {} files", path.string(), kShardsMax);
  }
  return names;
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const std::string& folder) {
  const std::filesystem::path path(folder);
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return fail(Code::kNotFound, "{} is not a folder; give the one with config.json", folder);
  Checkpoint checkpoint;
  checkpoint.name_ = std::filesystem::weakly_canonical(path, ignored).filename().string();
  checkpoint.config_ = TRY(read_object(path / "config.json"));
  checkpoint.tokenizer_ = TRY(read_object(path / "tokenizer.json"));
  if (std::filesystem::exists(path / "tokenizer_config.json", ignored))
    checkpoint.tokenizer_config_ = TRY(read_object(path / "tokenizer_config.json"));
  if (std::filesystem::exists(path / "chat_template.jinja", ignored))
    checkpoint.chat_template_ =
        TRY(base::read_file((path / "chat_template.jinja").string(), kJsonBytesMax));
  else if (const json::value* text = checkpoint.tokenizer_config_.if_contains("chat_template");
           text != nullptr && text->is_string())
    checkpoint.chat_template_ = std::string(text->get_string());

  if (std::filesystem::exists(path / "model.safetensors", ignored)) {
    checkpoint.shards_.push_back(TRY(Safetensors::open((path / "model.safetensors").string())));
    return checkpoint;
  }
  for (const std::string& name : TRY(shard_names(path)))
    checkpoint.shards_.push_back(TRY(Safetensors::open((path / name).string())));
  return checkpoint;
}

Result<std::uint64_t> config_count(const json::object& config, std::string_view key,
                                   std::uint64_t most) {
  const json::value* const value = config.if_contains(key);
  const std::int64_t* const number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 1 || static_cast<std::uint64_t>(*number) > most)
    return fail(Code::kCorrupt, "config.json: {} has to be a whole number from 1 to {}", key, most);
  return static_cast<std::uint64_t>(*number);
}

Result<double> config_number(const json::object& config, std::string_view key, double otherwise) {
  const json::value* const value = config.if_contains(key);
  if (value == nullptr || value->is_null()) return otherwise;
  if (!value->is_number() || !std::isfinite(value->to_number<double>()))
    return fail(Code::kCorrupt, "config.json: {} has to be a number", key);
  return value->to_number<double>();
}

}  // namespace nearside::convert
