// Drives a node with the official Anthropic client. Usage: node anthropic.mjs URL MODEL
// The server behind the node answers "Hello there." or, when it is given a tool, calls it; see tests/system/clients_test.py.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { run } from "./checks.mjs";

const [baseURL, model] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey: "none", maxRetries: 0, timeout: 60_000 });
const ask = { model, max_tokens: 50, messages: [{ role: "user", content: "Hi." }] };
const tools = [{ name: "get_weather", description: "Looks.", input_schema: { type: "object", properties: { city: { type: "string" } } } }];

await run({
  async "a whole message"() {
    const message = await client.messages.create({ ...ask, system: "Be brief." });
    assert.equal(message.content[0].text, "Hello there.");
    assert.equal(message.stop_reason, "end_turn");
    assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [9, 3]);
  },
  async "a streamed message adds up, by the client's own reckoning"() {
    const stream = client.messages.stream(ask);
    let text = "";
    stream.on("text", (piece) => (text += piece));
    const message = await stream.finalMessage();
    assert.equal(text, "Hello there.");
    assert.equal(message.content[0].text, text);
    assert.equal(message.usage.output_tokens, 3);
  },
  async "a tool is called, whole and streamed, and its result goes back"() {
    const whole = await client.messages.create({ ...ask, tools });
    const streamed = await client.messages.stream({ ...ask, tools }).finalMessage();
    for (const message of [whole, streamed]) {
      assert.equal(message.stop_reason, "tool_use");
      const call = message.content.find((block) => block.type === "tool_use");
      assert.equal(call.name, "get_weather");
      assert.deepEqual(call.input, { city: "Bonn" });
      const after = await client.messages.create({
        ...ask, tools,
        messages: [...ask.messages, { role: "assistant", content: message.content },
          { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "rain" }] }],
      });
      assert.equal(after.content[0].text, "It says: rain");
    }
  },
  async "tokens are counted"() {
    const count = await client.messages.countTokens({ model, messages: ask.messages });
    assert.ok(count.input_tokens > 0);
  },
  async "errors have the client's own classes"() {
    await assert.rejects(client.messages.create({ ...ask, model: "nobody" }), Anthropic.NotFoundError);
    await assert.rejects(client.messages.create({ ...ask, max_tokens: -1 }), Anthropic.BadRequestError);
  },
});
