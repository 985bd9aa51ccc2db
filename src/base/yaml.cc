// From yaml-cpp's events to our own tree.
#include "base/yaml.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace nearside::base {

namespace {

struct Stop {};  // thrown out of the parser's events when a bound is passed; caught below

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlProblems& problems) : problems_(problems) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    YamlNode node;
    node.line = line(mark);
    place(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.add(line(mark), "aliases (*name) are not supported; write the value out");
    throw Stop{};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.line = line(mark);
    node.quoted = tag == "!";
    node.scalar = value;
    place(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    std::string key;
    int key_line = 0;
    bool has_key = false;
  };

  static int line(const YAML::Mark& mark) { return mark.line + 1; }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    problems_.add(line(mark),
                  "anchors (&name) are not supported; write the value out where it is used");
    throw Stop{};
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    problems_.add(line(mark), fmt::format("tags ({}) are not supported; remove it", tag));
    throw Stop{};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (stack_.size() >= kYamlDepthMax) {
      problems_.add(line(mark), fmt::format("nested deeper than {} levels", kYamlDepthMax));
      throw Stop{};
    }
    if (!stack_.empty() && stack_.back().node.kind == YamlNode::Kind::kMap &&
        !stack_.back().has_key) {
      problems_.add(line(mark), "a key must be text, not a list or map");
      throw Stop{};
    }
    Open opened;
    opened.node.kind = kind;
    opened.node.line = line(mark);
    stack_.push_back(std::move(opened));
  }

  void close() {
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    place(std::move(node));
  }

  void place(YamlNode node) {
    if (++count_ > kYamlNodesMax) {
      problems_.add(node.line, fmt::format("more than {} values; split the file", kYamlNodesMax));
      throw Stop{};
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = stack_.back();
    if (top.node.kind == YamlNode::Kind::kSequence) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_key) {
      top.key = std::move(node.scalar);
      top.key_line = node.line;
      top.has_key = true;
    } else {
      top.has_key = false;
      add_member(top, std::move(node));
    }
  }

  void add_member(Open& top, YamlNode node) {
    for (const auto& member : top.node.members)
      if (member.key == top.key) {
        problems_.add(top.key_line,
                      fmt::format("'{}' stands here a second time (first in line {}); remove one",
                                  top.key, member.line));
        return;
      }
    if (node.kind == YamlNode::Kind::kNull) node.line = top.key_line;
    top.node.members.push_back({std::move(top.key), top.key_line, std::move(node)});
  }

  YamlProblems& problems_;
  std::vector<Open> stack_;
  YamlNode root_;
  std::size_t count_ = 0;
};

}  // namespace

std::string_view YamlNode::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  return "";
}

void YamlProblems::add(int line, std::string text) { problems_.push_back({line, std::move(text)}); }

std::string YamlProblems::text(std::string_view file) const {
  std::vector<YamlProblem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  std::string out;
  for (const YamlProblem& problem : sorted)
    out += fmt::format("{}{}:{}: {}", out.empty() ? "" : "\n", file, problem.line, problem.text);
  return out;
}

YamlNode parse_yaml(std::string_view text, YamlProblems& problems) {
  if (text.size() > kYamlBytesMax) {
    problems.add(1, fmt::format("larger than {} bytes; split the file", kYamlBytesMax));
    return {};
  }
  TreeBuilder builder(problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    TreeBuilder second(problems);
    if (parser.HandleNextDocument(second))
      problems.add(1, "more than one document; remove what follows the second '---'");
  } catch (const Stop&) {
    return builder.take();
  } catch (const YAML::Exception& error) {
    problems.add(std::max(error.mark.line, 0) + 1, fmt::format("not valid YAML: {}", error.msg));
  }
  return builder.take();
}

}  // namespace nearside::base
