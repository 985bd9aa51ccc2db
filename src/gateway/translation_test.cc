// Every client dialect over every provider, over sockets: tools, thoughts, text, usage and stop
// reasons arrive as the client knows them, streamed and whole.
#include <map>

#include <gtest/gtest.h>

#include "gateway/node_for_test.h"
#include "http/scripted_handler_for_test.h"
#include "upstream/backend.h"
#include "upstream/event_stream.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

std::string data(std::string_view text) { return "data: " + std::string(text) + "\n\n"; }
std::string frame(std::string_view type, std::string_view payload) {
  return upstream::encode_frame({"event", std::string(type), std::string(payload)});
}

/// The same answer from each kind of server: text "Hm.", then a call f({"a":1}); 20 tokens in, 5
/// out.
struct Server {
  std::string provider;
  std::string type;
  std::string body;
};
std::vector<Server> servers() {
  const std::string openai =
      data(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"Hm."}}]})") +
      data(
          R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\""}}]}}]})") +
      data(
          R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]})") +
      data(R"({"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})") +
      data(R"({"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":5}})") + data("[DONE]");
  return {
      {"openai", "text/event-stream", openai},
      {"azure", "text/event-stream", openai},
      {"openai-responses", "text/event-stream",
       data(R"({"type":"response.output_text.delta","delta":"Hm."})") +
           data(
               R"({"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"f","arguments":""}})") +
           data(
               R"({"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"a\":1}"})") +
           data(
               R"({"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":20,"output_tokens":5}}})")},
      {"anthropic", "text/event-stream",
       data(R"({"type":"message_start","message":{"usage":{"input_tokens":20}}})") +
           data(
               R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hm."}})") +
           data(
               R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c1","name":"f"}})") +
           data(
               R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}})") +
           data(R"({"type":"content_block_stop","index":1})") +
           data(
               R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}})")},
      {"gemini", "text/event-stream",
       data(
           R"({"candidates":[{"content":{"parts":[{"text":"Hm."},{"functionCall":{"id":"c1","name":"f","args":{"a":1}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":5}})")},
      {"bedrock", "application/vnd.amazon.eventstream",
       frame("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hm."}})") +
           frame("contentBlockStart",
                 R"({"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"c1","name":"f"}}})") +
           frame("contentBlockDelta",
                 R"({"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\":1}"}}})") +
           frame("contentBlockStop", R"({"contentBlockIndex":1})") +
           frame("messageStop", R"({"stopReason":"tool_use"})") +
           frame("metadata", R"({"usage":{"inputTokens":20,"outputTokens":5}})")},
      {"ollama", "application/x-ndjson",
       R"({"message":{"content":"Hm."},"done":false})"
       "\n"
       R"({"message":{"content":"","tool_calls":[{"id":"c1","function":{"name":"f","arguments":{"a":1}}}]},"done":false})"
       "\n"
       R"({"message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":20,"eval_count":5})"
       "\n"},
  };
}

/// What a client made of the reply.
struct Seen {
  std::string text;
  std::string call;  // "id name arguments"
  std::string reason;
  std::int64_t input = 0;
  std::int64_t output = 0;
};

std::vector<json::value> events_of(std::string_view body) {
  std::vector<json::value> all;
  while (!body.empty()) {
    const std::size_t end = body.find("\n\n");
    const std::string_view one = body.substr(0, end);
    const std::size_t at = one.find("data: ");
    if (at != std::string_view::npos && !one.ends_with("[DONE]"))
      all.push_back(base::parse_json(one.substr(at + 6)).value());
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 2);
  }
  return all;
}
std::string call_text(const json::value& id, const json::value& name, const json::value& args) {
  return std::string(id.as_string()) + " " + std::string(name.as_string()) + " " +
         (args.is_string() ? std::string(args.as_string()) : json::serialize(args));
}

Seen openai_seen(const Reply& reply, bool streamed) {
  Seen seen;
  json::object call;
  for (const json::value& chunk :
       streamed ? events_of(reply.body) : std::vector<json::value>{reply.json()}) {
    if (const auto* usage = chunk.as_object().if_contains("usage")) {
      seen.input = usage->at("prompt_tokens").as_int64();
      seen.output = usage->at("completion_tokens").as_int64();
    }
    for (const json::value& choice : chunk.at("choices").as_array()) {
      const json::object& part = choice.at(streamed ? "delta" : "message").as_object();
      if (const auto* text = part.if_contains("content"); text && text->is_string())
        seen.text += text->as_string();
      if (const auto* calls = part.if_contains("tool_calls")) {
        const json::object& piece = calls->at(0).as_object();
        if (piece.contains("id"))
          call = piece.at("function").as_object();
        else
          call["arguments"].as_string().append(piece.at("function").at("arguments").as_string());
        if (piece.contains("id")) call["id"] = piece.at("id");
      }
      if (choice.at("finish_reason").is_string())
        seen.reason = choice.at("finish_reason").as_string();
    }
  }
  seen.call = call_text(call["id"], call["name"], call["arguments"]);
  return seen;
}

Seen anthropic_seen(const Reply& reply, bool streamed) {
  Seen seen;
  if (!streamed) {
    const json::object message = reply.json();
    for (const json::value& block : message.at("content").as_array()) {
      if (block.at("type") == "text") seen.text += block.at("text").as_string();
      if (block.at("type") == "tool_use")
        seen.call = call_text(block.at("id"), block.at("name"), block.at("input"));
    }
    seen.reason = message.at("stop_reason").as_string();
    seen.input = message.at("usage").at("input_tokens").as_int64();
    seen.output = message.at("usage").at("output_tokens").as_int64();
    return seen;
  }
  for (const json::value& event : events_of(reply.body)) {
    const json::string& type = event.at("type").as_string();
    if (type == "content_block_start" && event.at("content_block").at("type") == "tool_use")
      seen.call = call_text(event.at("content_block").at("id"),
                            event.at("content_block").at("name"), json::value(""));
    if (type == "content_block_delta") {
      const json::object& delta = event.at("delta").as_object();
      if (delta.contains("text")) seen.text += delta.at("text").as_string();
      if (delta.contains("partial_json")) seen.call += delta.at("partial_json").as_string();
    }
    if (type == "message_delta") {
      seen.reason = event.at("delta").at("stop_reason").as_string();
      seen.input = event.at("usage").at("input_tokens").as_int64();
      seen.output = event.at("usage").at("output_tokens").as_int64();
    }
  }
  return seen;
}

Seen responses_seen(const Reply& reply, bool streamed) {
  Seen seen;
  const json::object response =
      streamed ? events_of(reply.body).back().at("response").as_object() : reply.json();
  for (const json::value& item : response.at("output").as_array()) {
    if (item.at("type") == "message") seen.text += item.at("content").at(0).at("text").as_string();
    if (item.at("type") == "function_call")
      seen.call = call_text(item.at("call_id"), item.at("name"), item.at("arguments"));
  }
  seen.reason = response.at("status").as_string();
  seen.input = response.at("usage").at("input_tokens").as_int64();
  seen.output = response.at("usage").at("output_tokens").as_int64();
  return seen;
}

Seen ollama_seen(const Reply& reply, bool) {
  Seen seen;
  std::string_view rest = reply.body;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const json::value line = base::parse_json(rest.substr(0, end)).value();
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const json::object& message = line.at("message").as_object();
    seen.text += message.at("content").as_string();
    if (const auto* calls = message.if_contains("tool_calls"))
      seen.call = call_text(calls->at(0).at("id"), calls->at(0).at("function").at("name"),
                            calls->at(0).at("function").at("arguments"));
    if (line.at("done") != true) continue;
    seen.reason = line.at("done_reason").as_string();
    seen.input = line.at("prompt_eval_count").as_int64();
    seen.output = line.at("eval_count").as_int64();
  }
  return seen;
}

struct Client {
  std::string path;
  std::string fields;  // of a request, without `stream`
  Seen (*read)(const Reply&, bool);
  std::string reason;  // its word for "calls tools"
};
std::vector<Client> clients() {
  return {
      {"/v1/chat/completions",
       R"("messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true},
          "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])",
       openai_seen, "tool_calls"},
      {"/v1/messages",
       R"("max_tokens":9,"messages":[{"role":"user","content":"x"}],
          "tools":[{"name":"f","input_schema":{"type":"object"}}])",
       anthropic_seen, "tool_use"},
      {"/v1/responses",
       R"("input":"x","tools":[{"type":"function","name":"f","parameters":{"type":"object"}}])",
       responses_seen, "completed"},
      {"/api/chat",
       R"("messages":[{"role":"user","content":"x"}],
          "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])",
       ollama_seen, "stop"},
  };
}

TEST(Translation, EveryClientUnderstandsEveryProvider) {
  base::SystemClock clock;
  base::Logger log{base::Level::kOff};
  const std::unique_ptr<http::Client> http_client = http::Client::create();
  for (const Server& server : servers()) {
    http::ScriptedServer scripted(
        [&server](http::Request, std::unique_ptr<http::Responder> responder) {
          responder->begin(200, {{"content-type", server.type}});
          // In two pieces, so that no reader sees an event whole by luck.
          responder->write(std::string_view(server.body).substr(0, server.body.size() / 2));
          responder->write(std::string_view(server.body).substr(server.body.size() / 2));
          responder->finish();
        });
    upstream::Endpoint endpoint;
    endpoint.name = "onprem/first";
    endpoint.provider = server.provider;
    endpoint.url = "http://127.0.0.1:" + std::to_string(scripted.port());
    endpoint.model = "m";
    NodeForTest node;
    node.add_backend(
        "onprem/first", policy::Place::kOnprem,
        std::move(upstream::Upstream::create(endpoint, *http_client, clock, log)).value());
    node.start();
    for (const Client& client : clients()) {
      for (const bool streamed : {false, true}) {
        std::string fields = client.fields;
        if (const auto at = fields.find(R"("stream_options":{"include_usage":true},)");
            !streamed && at != std::string::npos)
          fields.erase(at, std::string_view(R"("stream_options":{"include_usage":true},)").size());
        const Reply reply = node.request(
            "POST", client.path,
            "{\"model\":\"auto\"," + fields + ",\"stream\":" + (streamed ? "true" : "false") + "}");
        const std::string pair = server.provider + " for " + client.path;
        ASSERT_EQ(reply.status, 200) << pair << reply.body;
        ASSERT_TRUE(reply.complete) << pair;
        const Seen seen = client.read(reply, streamed);
        EXPECT_EQ(seen.text, "Hm.") << pair;
        EXPECT_EQ(seen.call, R"(c1 f {"a":1})") << pair;
        EXPECT_EQ(seen.reason, client.reason) << pair;
        EXPECT_EQ(seen.input, 20) << pair;
        EXPECT_EQ(seen.output, 5) << pair;
      }
    }
  }
}

}  // namespace
}  // namespace nearside::gateway
