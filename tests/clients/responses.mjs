// Drives a node's responses and embeddings with the official OpenAI client. Usage: node responses.mjs URL MODEL (as anthropic.mjs)
import assert from "node:assert/strict";
import OpenAI from "openai";
import { run } from "./checks.mjs";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0, timeout: 60_000 });
const tools = [{ type: "function", name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } }, strict: false }];

await run({
  async "a whole response"() {
    const response = await client.responses.create({ model, instructions: "Be brief.", input: "Hi." });
    assert.equal(response.output_text, "Hello there.");
    assert.equal(response.status, "completed");
    assert.equal(response.usage.total_tokens, 12);
  },
  async "a streamed response adds up, by the client's own reckoning"() {
    const stream = client.responses.stream({ model, input: "Hi." });
    let text = "";
    stream.on("response.output_text.delta", (event) => (text += event.delta));
    const response = await stream.finalResponse();
    assert.equal(text, "Hello there.");
    assert.equal(response.output_text, text);
  },
  async "a tool is called and its output goes back"() {
    const first = await client.responses.stream({ model, input: "Hi.", tools }).finalResponse();
    const call = first.output.find((item) => item.type === "function_call");
    assert.equal(call.arguments, '{"city":"Bonn"}');
    const after = await client.responses.create({
      model, tools,
      input: [{ role: "user", content: "Hi." }, call, { type: "function_call_output", call_id: call.call_id, output: "rain" }],
    });
    assert.equal(after.output_text, "It says: rain");
  },
  async "a chat streams tool calls and thoughts"() {
    const message = await client.chat.completions.stream({
      model, messages: [{ role: "user", content: "Hi." }], stream: true,
      tools: [{ type: "function", function: { name: "get_weather", parameters: {} } }],
    }).finalMessage();
    assert.equal(message.tool_calls[0].function.arguments, '{"city":"Bonn"}');
  },
  async "vectors come as floats, which this client asks for in base64"() {
    const { data, usage } = await client.embeddings.create({ model, input: ["a", "b"] });
    assert.deepEqual(data.map((entry) => [...entry.embedding]), [[1, 0.5], [2, 0.5]]);
    assert.equal(usage.prompt_tokens, 2);
  },
  async "an error is the client's own"() {
    await assert.rejects(client.responses.create({ model, input: "Hi.", previous_response_id: "r" }), OpenAI.BadRequestError);
  },
});
