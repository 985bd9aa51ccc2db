#include "upstream/key.h"

#include <algorithm>
#include <cstdlib>

#include "base/file.h"

namespace nearside::upstream {
namespace {

using base::Code;
using base::fail;

// Provider keys are under 300 bytes; a larger file is not a key.
constexpr std::size_t kKeyBytesMax = 4096;

base::Result<Key> to_key(std::string_view text, const std::string& where) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos)
    return fail(Code::kInvalidArgument, "{} holds no key: it is empty", where);
  text = text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
  if (text.size() > kKeyBytesMax)
    return fail(Code::kInvalidArgument, "{} holds {} bytes, which is no key", where, text.size());
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; }))
    return fail(Code::kInvalidArgument, "{} holds characters that no key has", where);
  return Key(std::string(text));
}

}  // namespace

base::Result<Key> load_key(const std::string& env, const std::string& file) {
  if (!env.empty()) {
    const char* value = std::getenv(env.c_str());  // NOLINT(concurrency-mt-unsafe): read only
    if (value == nullptr)
      return fail(Code::kNotFound,
                  "the environment variable {} that should hold the key is not set", env);
    return to_key(value, "the environment variable " + env);
  }
  if (!file.empty()) return to_key(TRY(base::read_file(file, kKeyBytesMax)), file);
  return Key();
}

}  // namespace nearside::upstream
