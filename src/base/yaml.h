// YAML from outside as a tree that knows its lines, and a reader that complains about everything at
// once.
//
// The only room that includes yaml-cpp. Its parser is used for syntax; what is built is our own
// tree, so that bounds hold and nothing is accepted that a configuration does not need: no anchors
// and aliases (which can grow a few bytes into gigabytes), no tags, no second document, no
// duplicate keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace nearside::base {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  struct Member;

  Kind kind = Kind::kNull;
  int line = 0;         // 1-based
  bool quoted = false;  // of a scalar: "true" in quotes is text
  std::string scalar;
  std::vector<YamlNode> items;  // of a sequence
  std::vector<Member> members;  // of a map, in the file's order

  /// "a map", "a list", "text", "nothing": for messages.
  [[nodiscard]] std::string_view kind_name() const;
};

struct YamlNode::Member {
  std::string key;
  int line = 0;
  YamlNode value;
};

inline constexpr std::size_t kYamlBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kYamlNodesMax = 100'000;
inline constexpr std::size_t kYamlDepthMax = 32;

/// One problem of a file.
struct YamlProblem {
  int line = 0;
  std::string text;  // "what; how to fix"
};

/// Collects problems, so that a file's author hears of all of them at once.
class YamlProblems {
 public:
  void add(int line, std::string text);
  [[nodiscard]] bool empty() const { return problems_.empty(); }
  [[nodiscard]] const std::vector<YamlProblem>& all() const { return problems_; }
  /// One a line, by line number: "file:line: what; how to fix".
  [[nodiscard]] std::string text(std::string_view file) const;

 private:
  std::vector<YamlProblem> problems_;
};

/// The tree of the text's only document; kNull for an empty text. Syntax errors, anchors and the
/// like become problems (the tree is then incomplete and only good for finding more of them).
YamlNode parse_yaml(std::string_view text, YamlProblems& problems);

/// Reads a map key by key. `path` names it in messages ("targets[2].price"). Keys that nobody took
/// are problems, with the nearest known key as a suggestion, when finish() is called (or at the end
/// of the reader's life). A value of the wrong type or out of its range is a problem, and the
/// default stays. Not for use by two threads.
class YamlMap {
 public:
  /// A node that is not a map is a problem (kNull: an empty map, no problem).
  YamlMap(const YamlNode& node, std::string path, YamlProblems& problems);
  ~YamlMap() { finish(); }
  YamlMap(const YamlMap&) = delete;
  YamlMap& operator=(const YamlMap&) = delete;

  [[nodiscard]] int line() const { return node_.line; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] YamlProblems& problems() { return problems_; }

  /// The value, or nullptr when absent. Every reader below begins with it.
  const YamlNode* take(std::string_view key);
  /// As take; absent is a problem that says what the key is for.
  const YamlNode* need(std::string_view key, std::string_view what_for);
  /// Line of a key's value, or of the map when absent: for problems found later.
  [[nodiscard]] int line_of(std::string_view key) const;

  /// Each returns true when the key was there and good, and then has set `out`.
  bool text(std::string_view key, std::string& out);
  bool flag(std::string_view key, bool& out);
  bool number(std::string_view key, double& out, double least, double most);
  bool count(std::string_view key, std::size_t& out, std::size_t least, std::size_t most);
  /// A list of texts (one text alone is a list of one).
  bool texts(std::string_view key, std::vector<std::string>& out);
  /// Calls `read` for each item of a list, with its path.
  void each(std::string_view key,
            const std::function<void(const YamlNode& item, std::string path)>& read);

  void problem(int line, std::string text) { problems_.add(line, std::move(text)); }
  void finish();

 private:
  const YamlNode& node_;
  std::string path_;
  YamlProblems& problems_;
  std::vector<std::string> known_;
  bool finished_ = false;
};

/// "path: wants X, found Y" as a problem.
void yaml_wants(YamlProblems& problems, const YamlNode& node, std::string_view path,
                std::string_view wants);

/// Of `known`, the one that was probably meant; empty when none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace nearside::base
