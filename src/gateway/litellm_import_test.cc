// A proxy's model_list as targets and routes that load.
#include "gateway/litellm_import.h"

#include <gtest/gtest.h>

#include "gateway/config.h"

namespace nearside::gateway {
namespace {

constexpr std::string_view kExample = R"(
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-eu
      api_base: https://my-endpoint.openai.azure.com/
      api_key: os.environ/AZURE_API_KEY
      api_version: "2024-10-21"
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
      input_cost_per_token: 0.0000025
      output_cost_per_token: 0.00001
  - model_name: claude
    litellm_params: {model: claude-sonnet-4-20250514, api_key: sk-ant-in-the-file}
  - model_name: local llama
    litellm_params: {model: hosted_vllm/meta-llama/Llama-3, api_base: "http://10.0.0.4:8000/v1", timeout: 30}
  - model_name: titan
    litellm_params: {model: bedrock/amazon.titan-embed-text-v2:0, aws_region_name: eu-west-1}
  - model_name: "*"
    litellm_params: {model: "openai/*"}
router_settings: {routing_strategy: simple-shuffle}
)";

TEST(LiteLlmImport, MakesTargetsAndRoutesThatLoad) {
  const auto imported = import_litellm(kExample);
  ASSERT_TRUE(imported) << imported.error().message;
  const auto config = parse_config(imported->yaml, "imported.yaml");
  ASSERT_TRUE(config) << config.error().message << imported->yaml;
  ASSERT_EQ(config->policy.targets.size(), 5U);
  ASSERT_EQ(config->policy.routes.size(), 4U);
  EXPECT_EQ(config->policy.routes[0].name, "gpt-4o");
  EXPECT_EQ(config->policy.routes[0].targets.size(), 2U);
  const auto& azure = std::get<UpstreamConfig>(config->reach[0]);
  EXPECT_EQ(azure.provider, "azure");
  EXPECT_EQ(azure.model, "gpt-4o-eu");
  EXPECT_EQ(azure.key_env, "AZURE_API_KEY");
  EXPECT_EQ(azure.api_version, "2024-10-21");
  EXPECT_EQ(
      std::get<policy::ModelPrice>(*config->policy.targets[1].cost).input->per_million.value(),
      2.5);
  EXPECT_EQ(std::get<UpstreamConfig>(config->reach[2]).provider, "anthropic");
  const policy::Target& near = config->policy.targets[3];
  EXPECT_EQ(near.name, "onprem/local-llama");
  EXPECT_EQ(near.place, policy::Place::kOnprem);
  EXPECT_EQ(std::get<UpstreamConfig>(config->reach[3]).model, "meta-llama/Llama-3");
  EXPECT_EQ(std::get<UpstreamConfig>(config->reach[4]).url,
            "https://bedrock-runtime.eu-west-1.amazonaws.com");
}

TEST(LiteLlmImport, SaysWhatItLeavesOutAndCopiesNoKey) {
  const auto imported = import_litellm(kExample).value();
  EXPECT_EQ(imported.yaml.find("sk-ant"), std::string::npos);
  std::string notes;
  for (const std::string& note : imported.notes) notes += note + "\n";
  EXPECT_EQ(notes.find("sk-ant"), std::string::npos);
  for (const char* about : {"the key of 'claude'", "'*' stands for any model", "router_settings",
                            "'titan' needs its AWS keys", "has no price"})
    EXPECT_NE(notes.find(about), std::string::npos) << about << "\n" << notes;
}

TEST(LiteLlmImport, RefusesWhatIsNoSuchFile) {
  for (const char* text : {"", "a: 1", "model_list: []", "model_list: [{model_name: x}]", "{"})
    EXPECT_FALSE(import_litellm(text)) << text;
}

}  // namespace
}  // namespace nearside::gateway
