// The configuration: examples that load, and mistakes with the line and the fix they are told.
#include "gateway/config.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "upstream/provider.h"

namespace nearside::gateway {
namespace {

// Line numbers in the tests below count from the line after R"(.
constexpr std::string_view kGood = R"(listen: 127.0.0.1:8080
node: {name: line-3, place: device, region: eu-de}
models:
  - {name: small, file: small.gguf}
targets:
  - {name: device/small, model: small}
  - name: onprem/large
    place: onprem
    region: eu-de
    upstream: {url: "http://10.0.0.5:8080/v1", model: large}
  - name: cloud/large
    place: cloud
    region: us-east
    upstream: {url: "https://api.example.com/v1", model: large, key_env: CLOUD_KEY}
    price: {usd_per_million_input_tokens: 1, usd_per_million_output_tokens: 4}
labels:
  words:
    - {category: health, sensitivity: confidential, words: [diagnosis]}
policy:
  quality_min: 0.8
  rules:
    - {name: health, when: {categories: [health]}, only: {places: [onprem]}}
routes:
  - {name: triage, targets: [device/small, onprem/large, cloud/large]}
)";

std::string problems(std::string text, std::string_view old_part = "",
                     std::string_view new_part = "") {
  if (!old_part.empty()) {
    const std::size_t at = text.find(old_part);
    EXPECT_NE(at, std::string::npos) << old_part;
    text.replace(at, old_part.size(), new_part);
  }
  const auto config = parse_config(text, "dir/nearside.yaml");
  return config ? "" : config.error().message;
}

TEST(Config, SealedModelsNeedAnEnvelopeAndOneThingThatOpensIt) {
  const std::string_view model = "{name: small, file: small.gguf}";
  const auto with = [&](std::string_view sealed) {
    return problems(std::string(kGood), model,
                    "{name: small, file: small.gguf, sealed: " + std::string(sealed) + "}");
  };
  EXPECT_EQ(with("{envelope: e.json, key_file: node.key}"), "");
  EXPECT_EQ(with("{envelope: e.json, tpm: \"device:/dev/tpmrm0\"}"), "");
  EXPECT_NE(with("{envelope: e.json}"), "");
  EXPECT_NE(with("{key_file: node.key}"), "");
  EXPECT_NE(with("{envelope: e.json, key_file: node.key, tpm: \"device:/dev/tpmrm0\"}"), "");
}

TEST(Config, TargetsNameAdaptersOfTheirModel) {
  const auto with = [](const std::string& more, const std::string& target) {
    return parse_config("models:\n  - {name: plant, file: a.gguf, " + more +
                            "}\ntargets:\n  - {name: device/plant, model: plant}\n"
                            "  - {name: device/night, model: " +
                            target + "}\n",
                        "dir/nearside.yaml");
  };
  const auto config = with(
      "adapters: [{name: night, file: n.gguf}, {name: day, file: d.gguf}], draft: s.gguf, "
      "kv_cache: q8_0",
      "plant:night");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  ASSERT_EQ(config->models[0].adapters.size(), 2U);
  EXPECT_EQ(config->models[0].adapters[0].file, "dir/n.gguf");
  EXPECT_EQ(config->models[0].draft_file, "dir/s.gguf");
  EXPECT_EQ(config->models[0].kv_cache, "q8_0");
  EXPECT_EQ(std::get<LocalModel>(config->reach[0]).adapter, "");
  EXPECT_EQ(std::get<LocalModel>(config->reach[1]).adapter, "night");
  const auto refused = [&](const std::string& more, const std::string& target,
                           std::string_view mentions) {
    const auto bad = with(more, target);
    ASSERT_FALSE(bad.has_value());
    EXPECT_NE(bad.error().message.find(mentions), std::string::npos) << bad.error().message;
  };
  refused("adapters: [{name: night, file: n.gguf}]", "plant:nigth", "did you mean 'night'");
  refused("adapters: [{name: night, file: n.gguf}, {name: night, file: m.gguf}]", "plant:night",
          "two adapters are called 'night'");
  refused("adapters: [{name: night}]", "plant:night", "file");
  refused("kv_cache: q4_0", "plant", "known are f16 and q8_0");
}

TEST(Config, VerifiedOnlyNamesItsSigners) {
  const auto with = [&](std::string_view packages) {
    return problems(std::string(kGood),
                    "models:", "packages: " + std::string(packages) + "\nmodels:");
  };
  EXPECT_EQ(with("{verified_only: true, signers: [{name: release, key_file: r.pub}]}"), "");
  EXPECT_EQ(with("{verified_only: true, signers: [{name: release, roots_file: ca.pem, "
                 "subject: \"CN=plant\"}]}"),
            "");
  EXPECT_NE(with("{verified_only: true}"), "");
  EXPECT_NE(with("{signers: [{name: release, key_file: r.pub}]}"), "");
  EXPECT_NE(with("{verified_only: true, signers: [{name: release}]}"), "");
  EXPECT_NE(with("{verified_only: true, signers: [{name: release, roots_file: ca.pem}]}"), "");
  EXPECT_NE(with("{verified_only: true, signers: [{key_file: r.pub}]}"), "");
}

TEST(Config, ALedgerWaitsForTheDiskUnlessToldOtherwise) {
  const auto with = [](std::string_view ledger) {
    return parse_config(std::string(kGood) + std::string(ledger), "nearside.yaml");
  };
  EXPECT_EQ(with("")->ledger.sync, telemetry::LedgerSync::kEachReply);
  EXPECT_EQ(with("\nledger: {sync: second}\n")->ledger.sync, telemetry::LedgerSync::kEachSecond);
  EXPECT_NE(with("\nledger: {sync: never}\n")
                .error()
                .message.find("ledger.sync is 'never'; it wants reply"),
            std::string::npos);
}

TEST(Config, ReadsWhatItSays) {
  const auto config = parse_config(kGood, "dir/nearside.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message;
  EXPECT_EQ(config->models[0].file, "dir/small.gguf");
  EXPECT_EQ(config->ledger.file, "dir/nearside-ledger.sqlite");
  ASSERT_EQ(config->policy.targets.size(), 3U);
  EXPECT_EQ(config->policy.targets[0].region, "eu-de");
  EXPECT_EQ(config->policy.targets[0].context_tokens_max, 4096U);
  EXPECT_EQ(std::get<LocalModel>(config->reach[0]).model_index, 0U);
  EXPECT_EQ(std::get<UpstreamConfig>(config->reach[2]).key_env, "CLOUD_KEY");
  EXPECT_EQ(config->policy.routes[0].targets, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(config->policy.routes[0].objective.quality_min, 0.8);
  EXPECT_EQ(config->policy.rules[0].where, "nearside.yaml:22");
}

TEST(Config, KnowsNoCloudByDefault) {
  const Config config = *default_config("models/triage-small.gguf");
  EXPECT_EQ(config.listen[0].text(), "127.0.0.1:8080");
  EXPECT_TRUE(config.listen[0].loopback());
  ASSERT_EQ(config.policy.targets.size(), 1U);
  EXPECT_EQ(config.policy.targets[0].name, "device/triage-small");
  EXPECT_EQ(config.policy.model_names(), (std::vector<std::string>{"auto", "device/triage-small"}));
  EXPECT_TRUE(default_config()->policy.targets.empty());
  EXPECT_FALSE(default_config("a b.gguf").has_value());
}

TEST(Config, LoadsEveryExample) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("examples")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto config = load_config(entry.path().string());
    EXPECT_TRUE(config.has_value()) << entry.path() << "\n"
                                    << (config ? "" : config.error().message);
    ++count;
  }
  EXPECT_GE(count, 1);
}

struct Mistake {
  std::string_view old_part, new_part, problem;
};

constexpr Mistake kMistakes[] = {
    // keys, types, ranges
    {"listen: 127.0.0.1:8080", "lisen: 127.0.0.1:8080",
     ":1: lisen is not a known key; did you mean 'listen'?"},
    {"quality_min: 0.8", "quality_min: 80",
     ":20: policy.quality_min is '80'; it wants a number from 0 to 1"},
    {"127.0.0.1:8080", "127.0.0.1:99999",
     ":1: listen: '127.0.0.1:99999' is no address to listen on"},
    {"127.0.0.1:8080", "plant.example:80", ":1: listen: 'plant.example:80' is no address"},
    {"place: device,", "place: devise,",
     ":2: node.place is 'devise'; it wants device, edge, onprem or cloud"},
    {"region: us-east", "region: US",
     ":13: targets[2].region is 'US'; it wants a region such as eu-de"},
    {"sensitivity: confidential", "sensitivity: secret",
     ":18: labels.words[0].sensitivity is 'secret'; it wants public"},
    {"model: large}\n  - name: cloud", "model: large, stall_timeout: 5}\n  - name: cloud",
     ":10: targets[1].upstream.stall_timeout is '5'; it wants a time with its unit"},
    {"usd_per_million_output_tokens: 4", "usd_per_million_output_tokens: -4",
     "it wants a number from 0 to"},
    {"usd_per_million_output_tokens: 4", "x: 4",
     "targets[2].price has no 'usd_per_million_output_tokens'; add it"},
    {"https://api.example.com/v1", "https://user:pw@api.example.com",
     ":14: targets[2].upstream.url is no address of a server"},
    {"https://api.example.com/v1", "ftp://api.example.com", "write http(s)://HOST"},
    {"model: large, key_env", "provider: watson, model: large, key_env",
     "provider 'watson' is not known"},
    {"{name: small, file: small.gguf}", "{name: small}", ":4: models[0] has no 'file'; add it"},
    {"file: small.gguf", "file: small.gguf, context_tokens: 3",
     "models[0].context_tokens is '3'; it wants a whole number from 16"},
    {"words: [diagnosis]", "words: ['++']", "labels.words[0]: '++' has no letter or digit"},
    // names
    {"{name: device/small,", "{name: cloud/small,", "contradicts its place; write device/small"},
    {"name: onprem/large", "name: onprem/la rge", "targets[1].name 'onprem/la rge' is not usable"},
    {"model: small}", "model: smal}", ":6: model 'smal' is not known; did you mean 'small'?"},
    {"  - {name: device/small, model: small}\n",
     "  - {name: device/small, model: small}\n  - {name: device/small, model: small}\n",
     ":7: target 'device/small' stands here a second time (first in line 6); rename one"},
    {"file: small.gguf}", "file: small.gguf}\n  - {name: other, file: o.gguf}",
     ":5: model 'other' would be loaded but no target uses it"},
    {"targets: [device/small, onprem/large, cloud/large]", "targets: [device/smal]",
     ":24: target 'device/smal' is not known"},
    {"targets: [device/small, onprem/large, cloud/large]", "targets: []",
     ":24: route 'triage' has no targets"},
    {"quality_min: 0.8", "default_route: tirage",
     ":20: route 'tirage' is not known; did you mean 'triage'?"},
    {"when: {categories: [health]}", "when: {categories: [helth]}",
     ":22: rule 'health': category 'helth' is not known; did you mean 'health'?"},
    {"when: {categories: [health]}", "when: {tenants: [lab]}",
     "rule 'health': tenant 'lab' is not known"},
    {"when: {categories: [health]}", "when: {languages: [xx]}",
     "rule 'health': language 'xx' is not known"},
    // what belongs together
    {"    region: us-east\n", "    region: us-east\n    model: small\n",
     "targets[2] needs either model"},
    {"    place: onprem\n", "",
     "targets[1] has an upstream but no place; say where that server stands"},
    {"    price: {usd_per_million_input_tokens: 1, usd_per_million_output_tokens: 4}\n", "",
     "targets[2] is a cloud without a price"},
    {"key_env: CLOUD_KEY", "key_env: CLOUD_KEY, key_file: k", "has key_env and key_file; keep one"},
    {"listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080",
     ":1: listen 0.0.0.0:8080 is open to other machines, but there are no keys"},
    {"listen: 127.0.0.1:8080", "auth: {keys: [{name: a, hash: abc}]}",
     ":1: auth.keys[0].hash is no SHA-256 in hex"},
    {"only: {places: [onprem]}", "refuse: false",
     "rules[0] needs either only: (places, regions, targets) or refuse: true"},
    // rules that change nothing
    {"only: {places: [onprem]}", "only: {places: [device, edge, onprem, cloud]}",
     ":22: rule 'health' never changes a decision: it permits everything"},
    {"when: {categories: [health]}, only: {places: [onprem]}",
     "when: {sensitivity: confidential}, only: {places: [device, edge, onprem]}",
     "rule 'health' never changes a decision: policy.places already keeps such data there"},
    {"only: {places: [onprem]}}",
     "only: {places: [onprem]}}\n    - {name: again, when: {categories: [health], languages: "
     "[de]}, only: {places: [device, onprem]}}",
     ":23: rule 'again' never changes a decision: rule 'health' (line 22) already demands as much"},
    // contradictions
    {"only: {places: [onprem]}", "only: {regions: [jp]}",
     ":22: rule 'health' permits only in jp, but no target is there"},
    {"only: {places: [onprem]}", "only: {places: [edge]}",
     "rule 'health' permits only edge, but no target is there"},
    {"quality_min: 0.8", "places: {restricted: [cloud]}",
     "policy.places.restricted has cloud, but restricted data never leave"},
    {"quality_min: 0.8", "places: {confidential: [device], restricted: [device, onprem]}",
     ":20: policy.places lets restricted data go where confidential data may not"},
    {"cloud/large]}", "cloud/large], serves: {regions: [jp]}}",
     ":24: route 'triage' can serve no internal request for data of region jp, because every "
     "target is vetoed (device/small: the data"},
    {"targets: [device/small, onprem/large, cloud/large]",
     "targets: [cloud/large], serves: {sensitivity: confidential}",
     ":24: route 'triage' can serve no confidential request, because every target is vetoed "
     "(cloud/large: confidential data may go to"},
    {"labels:\n", "labels:\n  base: confidential\n  regions: {health: [jp]}\n",
     ":18: category 'health' may only be processed in jp, but no target is there"},
    // pseudonyms
    {"quality_min: 0.8", "pseudonyms: {targets: [cloud/large], up_to: restricted}",
     ":20: policy.pseudonyms.up_to is restricted, but restricted data never leave"},
    {"quality_min: 0.8", "pseudonyms: {targets: [cloud/small]}",
     ":20: policy.pseudonyms names the target 'cloud/small', which is not there"},
    {"quality_min: 0.8", "pseudonyms: {targets: [onprem/large]}",
     ":20: policy.pseudonyms never changes a decision about 'onprem/large': confidential data may "
     "go there as they are"},
    {"quality_min: 0.8", "pseudonyms: {targets: [cloud/large], replace: [emial]}",
     ":20: policy.pseudonyms.replace names 'emial', which is neither a detector nor a category"},
    {"quality_min: 0.8", "pseudonyms: {targets: [cloud/large], replace: [us_ssn, us_ssn]}",
     ":20: policy.pseudonyms.replace names 'us_ssn' twice"},
    {"quality_min: 0.8", "pseudonyms: {up_to: internal}", "policy.pseudonyms has no 'targets'"},
    // YAML itself
    {"quality_min: 0.8", "quality_min: [0.8", "not valid YAML"},
    {"quality_min: 0.8", "quality_min: 0.8\n  quality_min: 0.9",
     ":21: 'quality_min' stands here a second time (first in line 20)"},
};

TEST(Config, TellsEveryMistakeWithItsLineAndFix) {
  for (const Mistake& mistake : kMistakes) {
    const std::string text = problems(std::string(kGood), mistake.old_part, mistake.new_part);
    EXPECT_NE(text.find(mistake.problem), std::string::npos)
        << "wanted: " << mistake.problem << "\ngot: " << text;
    EXPECT_TRUE(text.starts_with("dir/nearside.yaml:")) << text;
  }
}

TEST(Config, ReadsPseudonymsAndWhatIsRemembered) {
  std::string text(kGood);
  text.replace(text.find("quality_min: 0.8"), 16,
               "pseudonyms: {targets: [cloud/large], replace: [national_id, email]}");
  text.replace(text.find("labels:\n"), 8,
               "labels:\n  memory: {texts_bytes_max: 0, conversations_max: 7, unused_max: 1h}\n");
  const auto config = parse_config(text, "dir/nearside.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->policy.pseudonyms->detectors,
            (std::vector<std::string>{"driver_license", "email", "national_code", "national_id",
                                      "us_ssn"}));
  EXPECT_EQ(config->policy.pseudonyms->up_to, policy::Sensitivity::kConfidential);
  EXPECT_EQ(config->memory.texts_bytes_max, 0U);
  EXPECT_EQ(config->memory.conversations.entries_max, 7U);
  EXPECT_EQ(config->memory.conversations.unused_max, std::chrono::hours(1));
}

TEST(Config, TellsAllMistakesAtOnce) {
  const std::string text =
      problems("lisen: x\nnode: {place: moon}\nmodels: 3\ntargets:\n  - {model: a}\n");
  for (const char* line :
       {":1: lisen", ":2: node.place", ":2: node has no 'name'", ":3: models is '3'",
        ":5: targets[0] has no 'name'", ":5: model 'a' is not known"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST(Config, ChecksThatTenantsCanBeServed) {
  const std::string tenants = "auth: {keys: [{name: k, tenant: lab, hash: " + std::string(64, 'a') +
                              "}]}\ntenants: [{name: lab, regions: [jp]}]\n";
  EXPECT_NE(problems(std::string(kGood) + tenants)
                .find("route 'triage' can serve no internal request of tenant 'lab'"),
            std::string::npos);
  EXPECT_NE(problems(std::string(kGood) + "auth: {keys: [{name: k, tenant: lap, hash: " +
                     std::string(64, 'a') + "}]}\ntenants: [{name: lab}]\n")
                .find("tenant 'lap' is not known; did you mean 'lab'?"),
            std::string::npos);
}

TEST(Config, RefusesAFileThatIsAbsentOrTooLarge) {
  EXPECT_EQ(load_config("no/such.yaml").error().code, base::Code::kNotFound);
  EXPECT_FALSE(parse_config(std::string(kConfigBytesMax + 1, '#'), "f").has_value());
}

TEST(Config, ListenAddresses) {
  EXPECT_EQ(parse_listen("[::1]:80")->text(), "[::1]:80");
  EXPECT_TRUE(parse_listen("[::1]:80")->loopback());
  EXPECT_TRUE(parse_listen(":0")->loopback());
  EXPECT_FALSE(parse_listen("0.0.0.0:80")->loopback());
  for (const char* bad : {"", "80", "1.2.3:80", "1.2.3.4.5:80", "1.2.3.4:", "1.2.3.4:x", "::1:80x",
                          "host:80", "1.2.3.4:65536"})
    EXPECT_FALSE(parse_listen(bad).has_value()) << bad;
}

TEST(Config, KnowsEveryProviderThatThereIs) {
  for (const std::string_view provider : upstream::provider_names()) {
    const auto config = parse_config(
        "targets:\n  - name: x\n    place: onprem\n    upstream:\n      provider: " +
            std::string(provider) +
            "\n      url: http://h\n      model: m\n      api_version: v1\n      aws_region: r\n"
            "routes:\n  - name: all\n    targets: [onprem/x]\n",
        "x.yaml");
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
  }
}

}  // namespace
}  // namespace nearside::gateway
