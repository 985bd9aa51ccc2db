// Statements and bundles that a verifier must not take.
#include "package/bundle.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "package/manifest.h"
#include "trust/private_key.h"

namespace nearside::package {
namespace {

namespace json = base::json;

Manifest two_files() {
  Manifest manifest;
  manifest.model_name = "plant";
  manifest.ignored_paths = default_ignored_paths();
  manifest.resources = {{"a.gguf", 0, 0, trust::sha256("a")},
                        {"b/c.json", 0, 0, trust::sha256("c")}};
  return manifest;
}

TEST(Statement, IsReadBackAsWritten) {
  const auto read = parse_statement(encode_statement(two_files()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->model_name, "plant");
  EXPECT_EQ(read->ignored_paths, default_ignored_paths());
  ASSERT_EQ(read->resources.size(), 2U);
  EXPECT_EQ(read->resources[1].path, "b/c.json");
  EXPECT_EQ(read->resources[1].digest, trust::sha256("c"));
}

TEST(Statement, ReadsShardsOfPathsWithColons) {
  Manifest manifest = two_files();
  manifest.serialization = Serialization::kShards;
  manifest.shard_bytes = 10;
  manifest.resources = {{"a:b", 0, 10, {}}, {"a:b", 10, 15, {}}};
  const auto read = parse_statement(encode_statement(manifest));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->resources[1].path, "a:b");
  EXPECT_EQ(read->resources[1].begin, 10U);
  EXPECT_EQ(read->resources[1].end, 15U);
}

/// A valid statement with one thing changed.
std::string changed(void (*change)(json::object& statement)) {
  json::object statement = base::parse_json(encode_statement(two_files()))->get_object();
  change(statement);
  return json::serialize(statement);
}

json::object& predicate(json::object& statement) { return statement["predicate"].get_object(); }
json::object& serialization(json::object& statement) {
  return predicate(statement)["serialization"].get_object();
}
json::object& resource(json::object& statement, std::size_t index) {
  return predicate(statement)["resources"].get_array()[index].get_object();
}

TEST(Statement, RefusesWhatTheSchemasRefuse) {
  using S = json::object&;
  const std::vector<void (*)(S)> changes = {
      [](S s) { s["_type"] = "https://in-toto.io/Statement/v0.1"; },
      [](S s) { s["predicateType"] = "https://example.com/other"; },
      [](S s) { s.erase("subject"); },
      [](S s) { s["subject"].get_array().push_back(s["subject"].get_array()[0]); },
      [](S s) { s["extra"] = 1; },
      [](S s) { predicate(s)["extra"] = 1; },
      [](S s) { predicate(s)["resources"] = json::array{}; },
      [](S s) { resource(s, 0).erase("digest"); },
      [](S s) { resource(s, 0)["digest"] = "abcd"; },
      [](S s) { resource(s, 0)["algorithm"] = "md5"; },
      [](S s) { resource(s, 0)["name"] = ""; },
      [](S s) { resource(s, 0)["name"] = resource(s, 1)["name"]; },
      [](S s) { serialization(s)["method"] = "archive"; },
      [](S s) { serialization(s)["method"] = "shards"; },
      [](S s) { serialization(s)["shard_size"] = 10; },
      [](S s) { serialization(s)["allow_symlinks"] = "false"; },
      [](S s) { serialization(s)["ignore_paths"] = json::array{"."}; },
      [](S s) { serialization(s)["hash_type"] = "blake2b"; },
  };
  ASSERT_TRUE(parse_statement(changed([](S) {})));
  for (std::size_t i = 0; i < changes.size(); ++i)
    EXPECT_FALSE(parse_statement(changed(changes[i]))) << "change " << i;
}

TEST(Statement, RefusesResourcesThatDoNotHashToTheSubject) {
  const auto read = parse_statement(
      changed([](json::object& s) { resource(s, 0)["digest"] = std::string(64, '0'); }));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("subject"), std::string::npos);
}

TEST(Statement, RefusesShardsThatDoNotFit) {
  for (const char* name : {"a", "a:0", ":0:5", "a:5:5", "a:7:5", "a:0:11", "a:5:9", "a:00:5",
                           "a:0:-5", "a:0:99999999999999999999"}) {
    json::object statement = base::parse_json(encode_statement(two_files()))->get_object();
    serialization(statement)["method"] = "shards";
    serialization(statement)["shard_size"] = 10;
    resource(statement, 0)["name"] = name;
    resource(statement, 1)["name"] = "b:0:1";
    EXPECT_FALSE(parse_statement(json::serialize(statement))) << name;
  }
}

TEST(Paths, InsideMeansInside) {
  for (const char* path : {"a", "a/b", "..a", "a..", "a/...", "ä"}) EXPECT_TRUE(is_inside(path));
  for (const char* path : {"", "/", "/a", "..", "../a", "a/..", "a/../b", "a//b", "a/", "./a", "."})
    EXPECT_FALSE(is_inside(path)) << path;
  EXPECT_FALSE(is_inside(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_inside(std::string(4097, 'a')));
}

TEST(Bundle, EncodesAsDsseSays) {
  // The example of DSSE's protocol.md, with this payload type.
  EXPECT_EQ(pre_authentication_encoding("hello world"),
            "DSSEv1 28 application/vnd.in-toto+json 11 hello world");
}

TEST(Bundle, ReproducesPythonsBytes) {
  using namespace std::string_literals;
  EXPECT_EQ(deprecated_encoding("{\n\"a\"}"),
            "DSSEV1 28 application/vnd.in-toto+json 6 b'{\\n\"a\"}'");
  EXPECT_EQ(deprecated_encoding("it's \xc3\\"),
            "DSSEV1 28 application/vnd.in-toto+json 7 b\"it's \\xc3\\\\\"");
}

TEST(Bundle, RefusesTwoWaysToNameTheSigner) {
  const trust::PrivateKey key = trust::PrivateKey::generate(trust::KeyKind::kP256);
  Bundle bundle;
  bundle.key_hint = key_hint(key.public_key());
  bundle.payload = encode_statement(two_files());
  bundle.signatures = {key.sign(pre_authentication_encoding(bundle.payload))};
  json::object object = base::parse_json(encode_bundle(bundle))->get_object();
  ASSERT_TRUE(parse_bundle(json::serialize(object)));
  object["verificationMaterial"].get_object()["certificate"] = json::object{{"rawBytes", "AA=="}};
  EXPECT_FALSE(parse_bundle(json::serialize(object)));
}

TEST(Bundle, RefusesWhatIsNoBundle) {
  for (const char* text : {"", "[]", "{}", "{\"mediaType\":1}", "\xff"})
    EXPECT_FALSE(parse_bundle(text)) << text;
}

}  // namespace
}  // namespace nearside::package
