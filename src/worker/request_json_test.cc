#include "worker/request_json.h"

#include <gtest/gtest.h>

namespace nearside::worker {
namespace {

TEST(RequestJson, KeepsEveryFieldButTheOriginal) {
  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.messages = base::json::parse(R"([{"role":"user","content":"ü \u0000"}])").as_array();
  request.tools = base::json::parse(R"([{"type":"function"}])").as_array();
  request.template_extra = base::json::parse(R"({"enable_thinking":false})").as_object();
  request.prompt = "Pumpe";
  request.sampling.temperature = 0.1F;
  request.sampling.top_k = 40;
  request.sampling.top_p = 0.95F;
  request.sampling.min_p = 0.05F;
  request.sampling.repetition_penalty = 1.1F;
  request.sampling.frequency_penalty = -0.5F;
  request.sampling.presence_penalty = 0.3F;
  request.sampling.penalty_window_tokens = 7;
  request.sampling.seed = 0xFFFFFFFFFFFFFFFFU;
  request.tool_choice = "required";
  request.parallel_tool_calls = false;
  request.inputs = {"one", "two"};
  request.dimensions = 64;
  request.logit_bias = {{7, -100.0F}};
  request.logprobs = 0;
  request.choices = 3;
  request.format = {chat::AnswerFormat::Kind::kJsonSchema, "{}", "triage"};
  request.adapters = {{"night-shift", 0.5F}};
  request.priority = chat::Priority::kRealtime;
  request.tenant = "plant-7";
  request.reasoning_effort = "low";
  request.begun = "The pump";
  request.time_max = std::chrono::milliseconds(2500);
  request.completion_tokens_max = 12;
  request.stop = {"\n", "END"};
  request.original = base::json::parse(R"({"model":"auto"})").as_object();

  const chat::Request copy = request_from_json(request_to_json(request)).value();

  EXPECT_EQ(copy.kind, request.kind);
  EXPECT_EQ(copy.messages, request.messages);
  EXPECT_EQ(copy.tools, request.tools);
  EXPECT_EQ(copy.template_extra, request.template_extra);
  EXPECT_EQ(copy.tool_choice, request.tool_choice);
  EXPECT_EQ(copy.parallel_tool_calls, request.parallel_tool_calls);
  EXPECT_EQ(copy.inputs, request.inputs);
  EXPECT_EQ(copy.dimensions, request.dimensions);
  EXPECT_EQ(copy.logit_bias, request.logit_bias);
  EXPECT_EQ(copy.logprobs, request.logprobs);
  EXPECT_EQ(copy.choices, request.choices);
  EXPECT_EQ(copy.format.kind, request.format.kind);
  EXPECT_EQ(copy.format.text, request.format.text);
  ASSERT_EQ(copy.adapters.size(), 1U);
  EXPECT_EQ(copy.adapters[0].name, "night-shift");
  EXPECT_EQ(copy.adapters[0].scale, 0.5F);
  EXPECT_EQ(copy.priority, request.priority);
  EXPECT_EQ(copy.tenant, request.tenant);
  EXPECT_EQ(copy.begun, request.begun);
  EXPECT_EQ(copy.reasoning_effort, request.reasoning_effort);
  EXPECT_EQ(copy.time_max, request.time_max);
  EXPECT_EQ(copy.prompt, request.prompt);
  EXPECT_EQ(copy.sampling.temperature, request.sampling.temperature);
  EXPECT_EQ(copy.sampling.top_k, request.sampling.top_k);
  EXPECT_EQ(copy.sampling.top_p, request.sampling.top_p);
  EXPECT_EQ(copy.sampling.min_p, request.sampling.min_p);
  EXPECT_EQ(copy.sampling.repetition_penalty, request.sampling.repetition_penalty);
  EXPECT_EQ(copy.sampling.frequency_penalty, request.sampling.frequency_penalty);
  EXPECT_EQ(copy.sampling.presence_penalty, request.sampling.presence_penalty);
  EXPECT_EQ(copy.sampling.penalty_window_tokens, request.sampling.penalty_window_tokens);
  EXPECT_EQ(copy.sampling.seed, request.sampling.seed);
  EXPECT_EQ(copy.completion_tokens_max, request.completion_tokens_max);
  EXPECT_EQ(copy.stop, request.stop);
  EXPECT_TRUE(copy.original.empty());
}

TEST(RequestJson, KeepsAbsentFieldsAbsent) {
  const chat::Request copy = request_from_json(request_to_json({})).value();
  EXPECT_EQ(copy.sampling.seed, std::nullopt);
  EXPECT_EQ(copy.completion_tokens_max, std::nullopt);
}

TEST(RequestJson, RefusesOtherShapes) {
  for (const std::string_view text : {"", "{", "[]", "{}", "7", R"({"chat":1})", "\"\xFF\""})
    EXPECT_EQ(request_from_json(text).error().code, base::Code::kInvalidArgument) << text;
  chat::Request request;
  request.prompt = "\xFF";
  EXPECT_FALSE(request_from_json(request_to_json(request)));
}

}  // namespace
}  // namespace nearside::worker
