#include "policy/tagger/table.h"

#include <cstdlib>
#include <cstring>

extern "C" {
// Made by the linker from tagger/weights.bin.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's spelling.
extern const char _binary_tagger_weights_bin_start[];
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern const char _binary_tagger_weights_bin_end[];
}

namespace nearside::policy {

namespace {

constexpr std::string_view kMagic = "NSTAG01\n";
constexpr std::size_t kHeaderBytes = 16 + (kTags + 1) * kTags * sizeof(std::int16_t);

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

std::string_view entity_name(Entity entity) {
  constexpr std::string_view kNames[] = {"person", "organization", "location", "address",
                                         "title",  "nationality",  "date"};
  return kNames[static_cast<std::size_t>(entity)];
}

base::Result<TagTable> TagTable::parse(std::string_view file) {
  if (file.size() < kHeaderBytes || !file.starts_with(kMagic))
    return base::fail(base::Code::kInvalidArgument, "this is no file of tagger weights");
  TagTable table;
  table.rows_count = read_u32(file, 8);
  if (table.rows_count == 0 || table.rows_count > kTagRowsMax || read_u32(file, 12) != kTags ||
      file.size() != kHeaderBytes + std::size_t{table.rows_count} * kTags)
    return base::fail(base::Code::kInvalidArgument,
                      "the tagger weights say {} rows, their size of {} bytes says otherwise",
                      table.rows_count, file.size());
  std::memcpy(&table.transitions, file.data() + 16, sizeof table.transitions);
  for (const auto& from : table.transitions)
    for (const std::int16_t transition : from)
      if (transition != kTransitionForbidden && std::abs(transition) > kTransitionMax)
        return base::fail(base::Code::kInvalidArgument,
                          "the tagger weights hold a transition of {}, the most is {}", transition,
                          kTransitionMax);
  table.weights = reinterpret_cast<const std::int8_t*>(file.data() + kHeaderBytes);
  return table;
}

TagTable TagTable::shipped() {
  const char* begin = &_binary_tagger_weights_bin_start[0];
  const char* end = &_binary_tagger_weights_bin_end[0];
  auto table = parse({begin, static_cast<std::size_t>(end - begin)});
  CHECK(table);  // the build put it there
  return std::move(*table);
}

std::string TagTable::serialize() const {
  std::string file(kMagic);
  const std::uint32_t header[] = {rows_count, kTags};
  file.append(reinterpret_cast<const char*>(header), sizeof header);
  file.append(reinterpret_cast<const char*>(&transitions), sizeof transitions);
  file.append(reinterpret_cast<const char*>(weights), std::size_t{rows_count} * kTags);
  return file;
}

}  // namespace nearside::policy
