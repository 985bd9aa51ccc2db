// What each provider asks of its server for the same conversation.
#include "upstream/providers.h"

#include <gtest/gtest.h>

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;

json::value parsed(std::string_view text) { return base::parse_json(text).value(); }

/// A system prompt, an image, two parallel calls with their results, limits and a tool.
chat::Request conversation() {
  chat::Request request;
  request.messages = parsed(R"([
    {"role":"system","content":"Be brief."},
    {"role":"user","content":[{"type":"text","text":"What is this?"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}}]},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"c1","type":"function","function":{"name":"look","arguments":"{\"at\":1}"}},
      {"id":"c2","type":"function","function":{"name":"look","arguments":"{\"at\":2}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"a cat"},
    {"role":"tool","tool_call_id":"c2","content":"a dog","is_error":true},
    {"role":"user","content":"So?"}])")
                         .as_array();
  request.tools = parsed(R"([{"type":"function","function":{"name":"look","description":"Looks.",
      "parameters":{"type":"object","properties":{"at":{"type":"integer"}}}}}])")
                      .as_array();
  request.tool_choice = "required";
  request.sampling.temperature = 0.5F;
  request.completion_tokens_max = 50;
  request.stop = {"END"};
  return request;
}

Endpoint endpoint(std::string url = "http://host/v1") {
  Endpoint made;
  made.name = "cloud/x";
  made.url = std::move(url);
  made.model = "their-model";
  made.key = Key("secret");
  return made;
}

struct Sent {
  http::ClientRequest call;
  json::object body;
};
Sent sent(const Provider& provider, const chat::Request& request, const Endpoint& to) {
  auto call = provider.ask(to, request, base::WallTime{});
  EXPECT_TRUE(call) << (call ? "" : call.error().message);
  Sent out{*std::move(call), {}};
  out.body = parsed(out.call.body).as_object();
  return out;
}

TEST(Providers, NamesThoseThereAreWhenAskedForAnother) {
  const auto found = find_provider("other");
  ASSERT_FALSE(found);
  for (const std::string_view name : provider_names())
    EXPECT_NE(found.error().message.find(name), std::string::npos) << name;
}

TEST(Anthropic, WritesAConversation) {
  const Sent out = sent(anthropic_provider(), conversation(), endpoint());
  EXPECT_EQ(out.call.url, "http://host/v1/messages");
  EXPECT_EQ(http::find_header(out.call.headers, "x-api-key"), "secret");
  EXPECT_EQ(http::find_header(out.call.headers, "anthropic-version"), "2023-06-01");
  EXPECT_EQ(json::value(out.body), parsed(R"({"messages":[
    {"role":"user","content":[{"type":"text","text":"What is this?"},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}]},
    {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"look","input":{"at":1}},
      {"type":"tool_use","id":"c2","name":"look","input":{"at":2}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"a cat"},
      {"type":"tool_result","tool_use_id":"c2","content":"a dog","is_error":true},
      {"type":"text","text":"So?"}]}],
    "system":"Be brief.","temperature":0.5,"max_tokens":50,"stop_sequences":["END"],
    "tools":[{"name":"look","description":"Looks.",
      "input_schema":{"type":"object","properties":{"at":{"type":"integer"}}}}],
    "tool_choice":{"type":"any"},"model":"their-model","stream":true})"));
}

TEST(Gemini, WritesAConversation) {
  const Sent out = sent(gemini_provider(), conversation(), endpoint("http://host/v1beta"));
  EXPECT_EQ(out.call.url, "http://host/v1beta/models/their-model:streamGenerateContent?alt=sse");
  EXPECT_EQ(http::find_header(out.call.headers, "x-goog-api-key"), "secret");
  EXPECT_EQ(json::value(out.body), parsed(R"({"contents":[
    {"role":"user","parts":[{"text":"What is this?"},
      {"inlineData":{"mimeType":"image/png","data":"QUJD"}}]},
    {"role":"model","parts":[{"functionCall":{"id":"c1","name":"look","args":{"at":1}}},
      {"functionCall":{"id":"c2","name":"look","args":{"at":2}}}]},
    {"role":"user","parts":[
      {"functionResponse":{"name":"look","response":{"result":"a cat"},"id":"c1"}},
      {"functionResponse":{"name":"look","response":{"error":"a dog"},"id":"c2"}},
      {"text":"So?"}]}],
    "systemInstruction":{"parts":[{"text":"Be brief."}]},
    "generationConfig":{"temperature":0.5,"maxOutputTokens":50,"stopSequences":["END"]},
    "tools":[{"functionDeclarations":[{"name":"look","description":"Looks.",
      "parametersJsonSchema":{"type":"object","properties":{"at":{"type":"integer"}}}}]}],
    "toolConfig":{"functionCallingConfig":{"mode":"ANY"}}})"));
}

TEST(Bedrock, WritesAndSignsAConversation) {
  Endpoint to = endpoint("https://bedrock-runtime.eu-west-1.amazonaws.com");
  to.model = "anthropic.claude-v1:0";
  to.key = Key("AKID:SECRET:TOKEN");
  const Sent out = sent(bedrock_provider(), conversation(), to);
  EXPECT_EQ(out.call.url,
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-v1%3A0/"
            "converse-stream");
  const std::string signed_by(http::find_header(out.call.headers, "authorization").value());
  EXPECT_TRUE(signed_by.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKID/19700101/eu-west-1/bedrock/aws4_request"));
  EXPECT_EQ(signed_by.find("SECRET"), std::string::npos);
  EXPECT_EQ(http::find_header(out.call.headers, "x-amz-security-token"), "TOKEN");
  EXPECT_EQ(json::value(out.body), parsed(R"({"messages":[
    {"role":"user","content":[{"text":"What is this?"},
      {"image":{"format":"png","source":{"bytes":"QUJD"}}}]},
    {"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"look","input":{"at":1}}},
      {"toolUse":{"toolUseId":"c2","name":"look","input":{"at":2}}}]},
    {"role":"user","content":[
      {"toolResult":{"toolUseId":"c1","content":[{"text":"a cat"}],"status":"success"}},
      {"toolResult":{"toolUseId":"c2","content":[{"text":"a dog"}],"status":"error"}},
      {"text":"So?"}]}],
    "system":[{"text":"Be brief."}],
    "inferenceConfig":{"maxTokens":50,"temperature":0.5,"stopSequences":["END"]},
    "toolConfig":{"tools":[{"toolSpec":{"name":"look","description":"Looks.","inputSchema":
      {"json":{"type":"object","properties":{"at":{"type":"integer"}}}}}}],"toolChoice":{"any":{}}}})"));
}

TEST(Bedrock, SendsAnApiKeyAsItIs) {
  const Sent out = sent(bedrock_provider(), conversation(), endpoint());
  EXPECT_EQ(http::find_header(out.call.headers, "authorization"), "Bearer secret");
}

TEST(Ollama, WritesAConversation) {
  const Sent out = sent(ollama_provider(), conversation(), endpoint("http://host:11434"));
  EXPECT_EQ(out.call.url, "http://host:11434/api/chat");
  EXPECT_EQ(json::value(out.body.at("messages")), parsed(R"([
    {"role":"system","content":"Be brief."},
    {"role":"user","content":"What is this?","images":["QUJD"]},
    {"role":"assistant","content":"","tool_calls":[
      {"id":"c1","function":{"name":"look","arguments":{"at":1}}},
      {"id":"c2","function":{"name":"look","arguments":{"at":2}}}]},
    {"role":"tool","content":"a cat","tool_call_id":"c1","tool_name":"look"},
    {"role":"tool","content":"a dog","tool_call_id":"c2","tool_name":"look"},
    {"role":"user","content":"So?"}])"));
  EXPECT_EQ(json::value(out.body.at("options")),
            parsed(R"({"temperature":0.5,"num_predict":50,"stop":["END"]})"));
}

TEST(Responses, WritesAConversation) {
  const Sent out = sent(responses_provider(), conversation(), endpoint());
  EXPECT_EQ(out.call.url, "http://host/v1/responses");
  EXPECT_EQ(json::value(out.body.at("input")), parsed(R"([
    {"type":"message","role":"system","content":[{"type":"input_text","text":"Be brief."}]},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"What is this?"},
      {"type":"input_image","image_url":"data:image/png;base64,QUJD"}]},
    {"type":"function_call","call_id":"c1","name":"look","arguments":"{\"at\":1}"},
    {"type":"function_call","call_id":"c2","name":"look","arguments":"{\"at\":2}"},
    {"type":"function_call_output","call_id":"c1","output":"a cat"},
    {"type":"function_call_output","call_id":"c2","output":"a dog"},
    {"type":"message","role":"user","content":[{"type":"input_text","text":"So?"}]}])"));
  EXPECT_EQ(out.body.at("max_output_tokens"), 50);
}

TEST(OpenAi, DropsMembersThatStrictServersRefuse) {
  const Sent out = sent(openai_provider(), conversation(), endpoint());
  EXPECT_FALSE(out.body.at("messages").at(4).as_object().contains("is_error"));
  EXPECT_EQ(out.body.at("tool_choice"), "required");
  EXPECT_EQ(out.body.at("stream_options").at("include_usage"), true);
}

TEST(Azure, NamesTheDeploymentInThePath) {
  Endpoint to = endpoint("https://r.openai.azure.com");
  to.api_version = "2024-10-21";
  const Sent out = sent(azure_provider(), conversation(), to);
  EXPECT_EQ(out.call.url,
            "https://r.openai.azure.com/openai/deployments/their-model/chat/completions"
            "?api-version=2024-10-21");
  EXPECT_EQ(http::find_header(out.call.headers, "api-key"), "secret");
  to.api_version.clear();
  EXPECT_EQ(sent(azure_provider(), conversation(), to).call.url,
            "https://r.openai.azure.com/openai/v1/chat/completions");
}

TEST(Providers, SendTheClientsOwnBytesWhenTheySpeakItsDialect) {
  const std::pair<const Provider&, const char*> cases[] = {{openai_provider(), "openai"},
                                                           {azure_provider(), "openai"},
                                                           {anthropic_provider(), "anthropic"},
                                                           {responses_provider(), "responses"},
                                                           {ollama_provider(), "ollama"}};
  for (const auto& [provider, dialect] : cases) {
    chat::Request request = conversation();
    request.original_text =
        R"({ "model":"auto",  "new":1.50, "messages":[ ], "stream" : false, "stream_options":{"include_usage":true} })";
    request.original = parsed(request.original_text).as_object();
    request.original_dialect = dialect;
    const Sent out = sent(provider, request, endpoint());
    EXPECT_EQ(
        out.call.body,
        R"({ "model":"their-model",  "new":1.50, "messages":[ ], "stream" : true, "stream_options":{"include_usage":true} })")
        << provider.name();
    request.original_dialect = "another";
    EXPECT_EQ(sent(provider, request, endpoint()).call.body.find("\"new\""), std::string::npos)
        << provider.name();
  }
}

TEST(Providers, SayWhatTheyHaveNoWordsFor) {
  chat::Request several = conversation();
  several.choices = 2;
  chat::Request biased = conversation();
  biased.logit_bias = {{5, 1.0F}};
  chat::Request shaped = conversation();
  shaped.format = {chat::AnswerFormat::Kind::kRegex, "a+", ""};
  chat::Request searching = conversation();
  searching.tools = parsed(R"([{"type":"web_search_20250305","name":"web_search"}])").as_array();
  for (const chat::Request& request : {several, biased, shaped, searching})
    for (const Provider* provider :
         {&anthropic_provider(), &bedrock_provider(), &ollama_provider(), &responses_provider()}) {
      const auto asked = provider->ask(endpoint(), request, {});
      ASSERT_FALSE(asked) << provider->name();
      EXPECT_EQ(asked.error().code, Code::kUnsupported) << provider->name();
    }
  EXPECT_FALSE(openai_provider().ask(endpoint(), searching, {}));
}

TEST(Providers, AskForVectors) {
  chat::Request request;
  request.kind = chat::Request::Kind::kEmbedding;
  request.inputs = {"a", "b"};
  request.dimensions = 8;
  EXPECT_EQ(sent(openai_provider(), request, endpoint()).call.body,
            R"({"input":["a","b"],"dimensions":8,"model":"their-model"})");
  EXPECT_EQ(sent(ollama_provider(), request, endpoint("http://h")).call.url, "http://h/api/embed");
  EXPECT_EQ(sent(gemini_provider(), request, endpoint()).call.url,
            "http://host/v1/models/their-model:batchEmbedContents");
  EXPECT_FALSE(anthropic_provider().ask(endpoint(), request, {}));
  EXPECT_FALSE(bedrock_provider().ask(endpoint(), request, {}));  // Titan takes one
}

}  // namespace
}  // namespace nearside::upstream
