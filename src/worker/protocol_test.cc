#include "worker/protocol.h"

#include <gtest/gtest.h>

#include "worker/request_json.h"

namespace nearside::worker {
namespace {

using base::Code;

Frame only_frame(const std::string& bytes) {
  return {static_cast<std::uint8_t>(bytes[4]), std::string_view(bytes).substr(5)};
}

template <typename T>
T round_trip(const std::string& bytes) {
  return std::get<T>(decode_from_worker(only_frame(bytes)).value());
}

TEST(Protocol, CarriesEveryEvent) {
  const auto text = round_trip<Happened>(encode_event(7, chat::TextDelta{"hello"}));
  EXPECT_EQ(text.id, 7U);
  EXPECT_EQ(std::get<chat::TextDelta>(text.event).text, "hello");

  const auto tools = round_trip<Happened>(encode_event(8, chat::ToolCallDelta{"[{}]"}));
  EXPECT_EQ(std::get<chat::ToolCallDelta>(tools.event).tool_calls_json, "[{}]");

  const auto scored = round_trip<Happened>(encode_event(
      7, chat::TextDelta{
             "ü", 2, {{"\xc3", -0.5F, {{"\xc3", -0.5F}, {"a", -1.0F}}}, {"\xbc", -0.1F, {}}}}));
  const auto& delta = std::get<chat::TextDelta>(scored.event);
  EXPECT_EQ(delta.text, "ü");
  EXPECT_EQ(delta.choice, 2U);
  ASSERT_EQ(delta.logprobs.size(), 2U);
  EXPECT_EQ(delta.logprobs[0].bytes, "\xc3");
  EXPECT_EQ(delta.logprobs[0].logprob, -0.5F);
  ASSERT_EQ(delta.logprobs[0].top.size(), 2U);
  EXPECT_EQ(delta.logprobs[0].top[1].bytes, "a");

  const auto thought = round_trip<Happened>(encode_event(8, chat::ReasoningDelta{"hm", 1}));
  EXPECT_EQ(std::get<chat::ReasoningDelta>(thought.event).text, "hm");
  const auto ended =
      round_trip<Happened>(encode_event(8, chat::ChoiceEnded{1, chat::FinishReason::kLength}));
  EXPECT_EQ(std::get<chat::ChoiceEnded>(ended.event).reason, chat::FinishReason::kLength);
  const auto embedded = round_trip<Happened>(encode_event(8, chat::Embedded{3, {0.5F, -1.0F}}));
  EXPECT_EQ(std::get<chat::Embedded>(embedded.event).vector, (std::vector<float>{0.5F, -1.0F}));

  const auto finished = round_trip<Happened>(
      encode_event(9, chat::Finished{chat::FinishReason::kLength, {1, 2, 3, true, 4, 5}, "END"}));
  EXPECT_EQ(std::get<chat::Finished>(finished.event).usage.cache_write_tokens, 4U);
  EXPECT_EQ(std::get<chat::Finished>(finished.event).usage.reasoning_tokens, 5U);
  EXPECT_EQ(std::get<chat::Finished>(finished.event).stop_sequence, "END");
  EXPECT_EQ(std::get<chat::Finished>(finished.event).reason, chat::FinishReason::kLength);
  EXPECT_EQ(std::get<chat::Finished>(finished.event).usage.cached_tokens, 3U);
  EXPECT_TRUE(std::get<chat::Finished>(finished.event).usage.estimated);

  const auto failed = round_trip<Happened>(
      encode_event(10, chat::Failed{base::fail(Code::kContextLength, "too long"), {4, 5, 6}}));
  EXPECT_EQ(std::get<chat::Failed>(failed.event).error.code, Code::kContextLength);
  EXPECT_EQ(std::get<chat::Failed>(failed.event).error.message, "too long");
  EXPECT_EQ(std::get<chat::Failed>(failed.event).usage.completion_tokens, 5U);
}

TEST(Protocol, CarriesTheModelsDescription) {
  const auto ready =
      round_trip<Ready>(encode_ready({{"plant", "llama", 1, 2, 3, 4, true}, "seccomp"}));
  EXPECT_EQ(ready.info.name, "plant");
  EXPECT_EQ(ready.info.architecture, "llama");
  EXPECT_EQ(ready.info.context_tokens_max, 1U);
  EXPECT_EQ(ready.info.parameters, 4U);
  EXPECT_TRUE(ready.info.has_chat_template);
  EXPECT_EQ(ready.sandbox, "seccomp");
}

TEST(Protocol, CutsLongTextBetweenCharacters) {
  std::string message(kMessageBytesMax - 1, 'x');
  message += "ü";
  const auto failed = round_trip<LoadFailed>(encode_load_failed({Code::kCorrupt, message}));
  EXPECT_EQ(failed.error.message, std::string(kMessageBytesMax - 1, 'x'));
}

TEST(Protocol, CarriesRequestsAndCancellations) {
  chat::Request request;
  request.prompt = "say hi";
  const std::string submit_bytes = encode_submit(3, request).value();
  const auto submit = std::get<Submit>(decode_to_worker(only_frame(submit_bytes)).value());
  EXPECT_EQ(submit.id, 3U);
  EXPECT_EQ(request_from_json(submit.request_json).value().prompt, "say hi");
  const std::string cancel_bytes = encode_cancel(4);
  EXPECT_EQ(std::get<Cancel>(decode_to_worker(only_frame(cancel_bytes)).value()).id, 4U);
}

TEST(Protocol, RefusesARequestPastTheBound) {
  chat::Request request;
  request.prompt = std::string(kToWorkerBytesMax, 'x');
  EXPECT_EQ(encode_submit(1, request).error().code, Code::kTooLarge);
}

TEST(Protocol, RefusesWhatAWorkerNeverSays) {
  const auto refused = [](FrameKind kind, std::string_view payload) {
    const base::Result<FromWorker> decoded =
        decode_from_worker({static_cast<std::uint8_t>(kind), payload});
    return !decoded && decoded.error().code == Code::kCorrupt;
  };
  const std::string id(8, '\0');
  const std::string usage(25, '\0');
  EXPECT_TRUE(refused(FrameKind::kText, id + "\xFF"));
  EXPECT_TRUE(refused(FrameKind::kText, id.substr(1)));
  EXPECT_TRUE(refused(FrameKind::kSubmit, id));
  EXPECT_TRUE(refused(static_cast<FrameKind>(99), id));
  EXPECT_TRUE(refused(FrameKind::kFinished, id + "\x04" + usage));  // reason
  EXPECT_TRUE(refused(FrameKind::kFinished, id + std::string(1, '\0') + usage + "x"));
  EXPECT_TRUE(refused(FrameKind::kFailed, id + usage + "\x7F"));                  // code
  EXPECT_TRUE(refused(FrameKind::kFailed, id + std::string(24, '\0') + "\x02"));  // flag
  EXPECT_TRUE(refused(FrameKind::kReady, ""));
  const std::string whole = encode_ready({{"plant", "llama", 1, 2, 3, 4, true}, "seccomp"});
  for (std::size_t size = 5; size < whole.size(); ++size)
    EXPECT_TRUE(refused(FrameKind::kReady, std::string_view(whole).substr(5, size - 5))) << size;
  std::string long_name = whole;
  long_name.replace(5 + 33, 4, "\x01\x04\x00\x00", 4);  // the name claims 1025 bytes
  EXPECT_TRUE(refused(FrameKind::kReady, std::string_view(long_name).substr(5)));
}

TEST(Protocol, RefusesWhatAGatewayNeverSays) {
  const std::string id(8, '\0');
  for (const auto& [kind, payload] :
       {std::pair{FrameKind::kCancel, id + "x"},
        std::pair{FrameKind::kCancel, std::string("short")}, std::pair{FrameKind::kReady, id}})
    EXPECT_FALSE(decode_to_worker({static_cast<std::uint8_t>(kind), payload}));
}

}  // namespace
}  // namespace nearside::worker
