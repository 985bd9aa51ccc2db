// OpenAI's answers, whole and streamed. Source of all shapes: OpenAI's published OpenAPI document
// (CreateChatCompletionResponse, CreateChatCompletionStreamResponse, CreateCompletionResponse,
// CreateEmbeddingResponse, Error). `reasoning_content` is DeepSeek's addition, which vLLM,
// llama-server and the clients follow.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/dialect.h"

namespace nearside::gateway {

std::unique_ptr<Answer> make_openai_chat_answer(const AnswerHead& head);
std::unique_ptr<Answer> make_openai_completion_answer(const AnswerHead& head);
std::unique_ptr<Answer> make_openai_embeddings_answer(const AnswerHead& head);

std::string openai_error_json(const ApiError& error);

/// With quotes, ready to stand in JSON text.
std::string quoted(std::string_view text);
/// The array of an OpenAI `logprobs.content`.
base::json::array openai_logprobs(const std::vector<chat::TokenLogprob>& tokens);

}  // namespace nearside::gateway
