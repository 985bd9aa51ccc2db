// Reading maps key by key.
#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/yaml.h"

namespace nearside::base {

namespace {

/// Levenshtein's distance, for words of a few bytes.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

constexpr std::size_t kSuggestBytesMax = 64;  // longer keys are no typing mistakes

std::string found(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return std::string(node.kind_name());
  return fmt::format("'{}'", node.scalar.substr(0, kSuggestBytesMax));
}

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > kSuggestBytesMax) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, word.size() > 3 ? 2 : 1) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

void yaml_wants(YamlProblems& problems, const YamlNode& node, std::string_view path,
                std::string_view wants) {
  problems.add(node.line, fmt::format("{} is {}; it wants {}", path, found(node), wants));
}

YamlMap::YamlMap(const YamlNode& node, std::string path, YamlProblems& problems)
    : node_(node), path_(std::move(path)), problems_(problems) {
  if (node.kind == YamlNode::Kind::kMap || node.kind == YamlNode::Kind::kNull) return;
  yaml_wants(problems_, node, path_.empty() ? "the file" : path_, "a map of keys and values");
  finished_ = true;
}

const YamlNode* YamlMap::take(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  for (const auto& member : node_.members)
    if (member.key == key) return &member.value;
  return nullptr;
}

const YamlNode* YamlMap::need(std::string_view key, std::string_view what_for) {
  const YamlNode* node = take(key);
  if (node == nullptr && node_.kind != YamlNode::Kind::kScalar &&
      node_.kind != YamlNode::Kind::kSequence)
    problems_.add(node_.line, fmt::format("{} has no '{}'; add it: {}",
                                          path_.empty() ? "the file" : path_, key, what_for));
  return node;
}

int YamlMap::line_of(std::string_view key) const {
  for (const auto& member : node_.members)
    if (member.key == key) return member.line;
  return node_.line;
}

namespace {

std::string join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

}  // namespace

bool YamlMap::text(std::string_view key, std::string& out) {
  const YamlNode* node = take(key);
  if (node == nullptr) return false;
  if (node->kind != YamlNode::Kind::kScalar || node->scalar.empty()) {
    yaml_wants(problems_, *node, join(path_, key), "text");
    return false;
  }
  out = node->scalar;
  return true;
}

bool YamlMap::flag(std::string_view key, bool& out) {
  const YamlNode* node = take(key);
  if (node == nullptr) return false;
  const bool scalar = node->kind == YamlNode::Kind::kScalar && !node->quoted;
  if (scalar && (node->scalar == "true" || node->scalar == "false")) {
    out = node->scalar == "true";
    return true;
  }
  yaml_wants(problems_, *node, join(path_, key), "true or false");
  return false;
}

bool YamlMap::number(std::string_view key, double& out, double least, double most) {
  const YamlNode* node = take(key);
  if (node == nullptr) return false;
  double value = 0;
  const char* end = node->scalar.data() + node->scalar.size();
  const auto parsed = std::from_chars(node->scalar.data(), end, value);
  const bool good = node->kind == YamlNode::Kind::kScalar && !node->quoted &&
                    parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(value) &&
                    value >= least && value <= most;
  if (!good)
    yaml_wants(problems_, *node, join(path_, key),
               fmt::format("a number from {} to {}", least, most));
  else
    out = value;
  return good;
}

bool YamlMap::count(std::string_view key, std::size_t& out, std::size_t least, std::size_t most) {
  const YamlNode* node = take(key);
  if (node == nullptr) return false;
  std::size_t value = 0;
  const char* end = node->scalar.data() + node->scalar.size();
  const auto parsed = std::from_chars(node->scalar.data(), end, value);
  const bool good = node->kind == YamlNode::Kind::kScalar && !node->quoted &&
                    parsed.ec == std::errc{} && parsed.ptr == end && value >= least &&
                    value <= most;
  if (!good)
    yaml_wants(problems_, *node, join(path_, key),
               fmt::format("a whole number from {} to {}", least, most));
  else
    out = value;
  return good;
}

bool YamlMap::texts(std::string_view key, std::vector<std::string>& out) {
  const YamlNode* node = take(key);
  if (node == nullptr) return false;
  std::vector<std::string> read;
  if (node->kind == YamlNode::Kind::kScalar) {
    read.push_back(node->scalar);
  } else if (node->kind == YamlNode::Kind::kSequence) {
    for (const YamlNode& item : node->items) {
      if (item.kind == YamlNode::Kind::kScalar)
        read.push_back(item.scalar);
      else
        yaml_wants(problems_, item, join(path_, key), "a list of texts");
    }
  } else {
    yaml_wants(problems_, *node, join(path_, key), "a list of texts");
    return false;
  }
  out = std::move(read);
  return true;
}

void YamlMap::each(std::string_view key,
                   const std::function<void(const YamlNode& item, std::string path)>& read) {
  const YamlNode* node = take(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kNull) return;
  if (node->kind != YamlNode::Kind::kSequence) {
    yaml_wants(problems_, *node, join(path_, key), "a list (lines that begin with '- ')");
    return;
  }
  for (std::size_t i = 0; i < node->items.size(); ++i)
    read(node->items[i], fmt::format("{}[{}]", join(path_, key), i));
}

void YamlMap::finish() {
  if (finished_) return;
  finished_ = true;
  for (const auto& member : node_.members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    const std::string near = nearest_word(member.key, known_);
    const std::string fix = !near.empty() ? fmt::format("did you mean '{}'?", near)
                                          : fmt::format("known here: {}", fmt::join(known_, ", "));
    problems_.add(member.line,
                  fmt::format("{} is not a known key; {}",
                              join(path_, member.key.substr(0, kSuggestBytesMax)), fix));
  }
}

}  // namespace nearside::base
