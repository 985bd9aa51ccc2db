#include "gateway/litellm_import.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/yaml.h"

namespace nearside::gateway {
namespace {

using base::Code;
using base::fail;
using base::YamlNode;

const YamlNode* member(const YamlNode* map, std::string_view key) {
  if (map == nullptr) return nullptr;
  for (const YamlNode::Member& each : map->members)
    if (each.key == key) return &each.value;
  return nullptr;
}
std::string text_in(const YamlNode* map, std::string_view key) {
  const YamlNode* value = member(map, key);
  return value != nullptr && value->kind == YamlNode::Kind::kScalar ? value->scalar : "";
}

/// LiteLLM's prefix of a model's name and what it is here.
struct Family {
  std::string_view prefix;
  std::string_view provider;
  std::string_view url;  // unless api_base says another; "" when it must
};
constexpr std::array<Family, 15> kFamilies = {{
    {"openai", "openai", "https://api.openai.com/v1"},
    {"azure", "azure", ""},
    {"anthropic", "anthropic", "https://api.anthropic.com/v1"},
    {"gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta"},
    {"bedrock", "bedrock", ""},
    {"ollama", "ollama", "http://127.0.0.1:11434"},
    {"ollama_chat", "ollama", "http://127.0.0.1:11434"},
    {"hosted_vllm", "openai", ""},
    {"openai_like", "openai", ""},
    {"lm_studio", "openai", "http://127.0.0.1:1234/v1"},
    {"mistral", "openai", "https://api.mistral.ai/v1"},
    {"groq", "openai", "https://api.groq.com/openai/v1"},
    {"deepseek", "openai", "https://api.deepseek.com/v1"},
    {"together_ai", "openai", "https://api.together.xyz/v1"},
    {"openrouter", "openai", "https://openrouter.ai/api/v1"},
}};

/// Names without a prefix are OpenAI's or, by how they begin, Anthropic's or Google's.
Family family_of(std::string& model) {
  const std::size_t slash = model.find('/');
  if (slash != std::string::npos)
    for (const Family& family : kFamilies)
      if (model.substr(0, slash) == family.prefix) {
        model.erase(0, slash + 1);
        return family;
      }
  if (model.starts_with("claude")) return kFamilies[2];
  if (model.starts_with("gemini")) return kFamilies[3];
  return kFamilies[0];
}

bool is_near(std::string_view url) {
  std::string_view host = url.substr(std::min(url.size(), url.find("://") + 3));
  host = host.substr(0, host.find_first_of(":/"));
  // 172.16.0.0/12 among the private networks.
  if (host.starts_with("172.")) {
    const std::string_view second = host.substr(4, host.find('.', 4) - 4);
    return second.size() == 2 && second >= "16" && second <= "31";
  }
  return host == "localhost" || host.starts_with("127.") || host.starts_with("10.") ||
         host.starts_with("192.168.") || host.ends_with(".local") || host.ends_with(".internal") ||
         (!host.empty() && host.find('.') == std::string_view::npos);
}

std::string usable_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    name.push_back(good ? c : '-');
  }
  name.resize(std::min<std::size_t>(name.size(), 56));  // room for a number
  return name.empty() ? "model" : name;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out + "\"";
}

class Importer {
 public:
  base::Result<Imported> run(const YamlNode& root) {
    const YamlNode* list = member(&root, "model_list");
    if (list == nullptr || list->kind != YamlNode::Kind::kSequence || list->items.empty())
      return fail(Code::kInvalidArgument,
                  "there is no model_list in this file; is it a LiteLLM proxy's config.yaml?");
    for (const YamlNode& item : list->items) deployment(item);
    if (targets_.empty())
      return fail(Code::kInvalidArgument, "no entry of model_list could be taken over: {}",
                  fmt::join(notes_, "; "));
    for (const YamlNode::Member& section : root.members)
      if (section.key != "model_list")
        note(section.line, fmt::format("{} is not taken over; see docs/configuration.md for what "
                                       "corresponds to it",
                                       section.key));
    std::string yaml = "# Taken over from a LiteLLM configuration.\ntargets:\n" + targets_;
    yaml += "routes:\n";
    for (const std::string& route : route_order_)
      yaml += fmt::format("  - {{name: {}, targets: [{}]}}\n", route,
                          fmt::join(routes_.at(route), ", "));
    return Imported{std::move(yaml), std::move(notes_)};
  }

 private:
  void note(int line, const std::string& text) {
    notes_.push_back(fmt::format("line {}: {}", line, text));
  }

  void deployment(const YamlNode& item) {
    const std::string alias = text_in(&item, "model_name");
    const YamlNode* params = member(&item, "litellm_params");
    std::string model = text_in(params, "model");
    if (alias.empty() || model.empty())
      return note(item.line, "an entry without model_name or litellm_params.model is left out");
    if (alias.find('*') != std::string::npos)
      return note(item.line,
                  fmt::format("'{}' stands for any model; name the models instead", alias));
    const Family family = family_of(model);
    std::string url = text_in(params, "api_base");
    const std::string region = text_in(params, "aws_region_name");
    if (url.empty()) url = family.url;
    if (url.empty() && family.provider == "bedrock" && !region.empty())
      url = fmt::format("https://bedrock-runtime.{}.amazonaws.com", region);
    if (!url.starts_with("http://") && !url.starts_with("https://"))
      return note(
          item.line,
          fmt::format("'{}' is left out: its api_base is not an address in this file", alias));
    const bool near = is_near(url);
    const std::string name =
        fmt::format("{}/{}", near ? "onprem" : "cloud", unique(usable_name(alias)));
    targets_ += fmt::format(
        "  - name: {}\n    place: {}\n    upstream:\n      provider: {}\n"
        "      url: {}\n      model: {}\n",
        name, near ? "onprem" : "cloud", family.provider, quoted(url), quoted(model));
    if (const std::string version = text_in(params, "api_version"); !version.empty())
      targets_ += fmt::format("      api_version: {}\n", quoted(version));
    if (!region.empty()) targets_ += fmt::format("      aws_region: {}\n", quoted(region));
    key(item, params, alias, family);
    if (const std::string timeout = text_in(params, "timeout");
        !timeout.empty() && timeout.find_first_not_of("0123456789") == std::string::npos)
      targets_ += fmt::format("      total_timeout: {}s\n", timeout);
    price(item, params, near);
    const std::string route = usable_name(alias);
    if (!routes_.contains(route)) route_order_.push_back(route);
    routes_[route].push_back(name);
  }

  void key(const YamlNode& item, const YamlNode* params, const std::string& alias,
           const Family& family) {
    constexpr std::string_view kFromEnvironment = "os.environ/";
    const std::string given = text_in(params, "api_key");
    if (given.starts_with(kFromEnvironment))
      targets_ += fmt::format("      key_env: {}\n", given.substr(kFromEnvironment.size()));
    else if (!given.empty() && given != "none")
      note(item.line,
           fmt::format("the key of '{}' stands in the file and is not copied; put it in a file or "
                       "an environment variable and name that as key_file or key_env",
                       alias));
    else if (family.provider == "bedrock")
      note(item.line, fmt::format("'{}' needs its AWS keys as ACCESS_KEY_ID:SECRET[:TOKEN] in "
                                  "key_file or key_env",
                                  alias));
  }

  /// LiteLLM counts in dollars a token; ours are a million.
  void price(const YamlNode& item, const YamlNode* params, bool near) {
    const YamlNode* info = member(&item, "model_info");
    const auto cost = [&](std::string_view name) {
      std::string text = text_in(params, name);
      if (text.empty()) text = text_in(info, name);
      return text.empty() ? std::optional<double>() : std::strtod(text.c_str(), nullptr) * 1e6;
    };
    const auto input = cost("input_cost_per_token");
    const auto output = cost("output_cost_per_token");
    if (input && output)
      targets_ += fmt::format(
          "    price: {{usd_per_million_input_tokens: {}, "
          "usd_per_million_output_tokens: {}}}\n",
          *input, *output);
    else if (!near) {
      targets_ +=
          "    price: {usd_per_million_input_tokens: 0, usd_per_million_output_tokens: 0}\n";
      note(item.line, fmt::format("'{}' has no price in the file; 0 was written, put the seller's "
                                  "figures there",
                                  text_in(&item, "model_name")));
    }
  }

  std::string unique(const std::string& wanted) {
    std::string name = wanted;
    for (int number = 2; !names_.insert(name).second; ++number)
      name = fmt::format("{}-{}", wanted, number);
    return name;
  }

  std::string targets_;
  std::set<std::string> names_;
  std::vector<std::string> route_order_;
  std::map<std::string, std::vector<std::string>> routes_;
  std::vector<std::string> notes_;
};

}  // namespace

base::Result<Imported> import_litellm(std::string_view text) {
  base::YamlProblems problems;
  const YamlNode root = base::parse_yaml(text, problems);
  if (!problems.empty()) return fail(Code::kInvalidArgument, "{}", problems.text("config.yaml"));
  return Importer().run(root);
}

}  // namespace nearside::gateway
