// Drives a node with the Vercel AI SDK and its openai-compatible provider. Usage: node aisdk.mjs URL MODEL (as anthropic.mjs)
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { run } from "./checks.mjs";

const [baseURL, name] = process.argv.slice(2);
const provider = createOpenAICompatible({ name: "nearside", baseURL, includeUsage: true });
const model = provider(name);
const weather = tool({
  description: "Looks.",
  inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
  execute: async ({ city }) => `rain in ${city}`,
});

await run({
  async "a whole text"() {
    const { text, usage, finishReason } = await generateText({ model, prompt: "Hi.", maxRetries: 0 });
    assert.equal(text, "Hello there.");
    assert.equal(finishReason, "stop");
    assert.equal(usage.inputTokens, 9);
  },
  async "a streamed text"() {
    const stream = streamText({ model, prompt: "Hi.", maxRetries: 0 });
    let text = "";
    for await (const piece of stream.textStream) text += piece;
    assert.equal(text, "Hello there.");
    assert.equal((await stream.usage).outputTokens, 3);
  },
  async "a tool is called, run, and answered with, whole and streamed"() {
    const ask = { model, prompt: "Hi.", tools: { get_weather: weather }, stopWhen: stepCountIs(3), maxRetries: 0 };
    const { text, steps } = await generateText(ask);
    assert.deepEqual(steps[0].toolCalls[0].input, { city: "Bonn" });
    assert.match(text, /It says: .*rain in Bonn/);
    assert.match(await streamText(ask).text, /It says: .*rain in Bonn/);
  },
  async "thoughts are told apart from the answer"() {
    const { text, reasoningText } = await generateText({ model, prompt: "Think.", maxRetries: 0 });
    assert.equal(reasoningText, "Hm.");
    assert.equal(text, "Hello there.");
  },
  async "vectors"() {
    const { embeddings } = await embedMany({ model: provider.textEmbeddingModel(name), values: ["a", "b"], maxRetries: 0 });
    assert.deepEqual(embeddings, [[1, 0.5], [2, 0.5]]);
  },
  async "an error carries the node's words"() {
    await assert.rejects(generateText({ model: provider("nobody"), prompt: "Hi.", maxRetries: 0 }), /nobody|no target|model/);
  },
});
