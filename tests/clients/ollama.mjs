// Drives a node with the official Ollama client. Usage: node ollama.mjs URL MODEL (as anthropic.mjs)
import assert from "node:assert/strict";
import { Ollama } from "ollama";
import { run } from "./checks.mjs";

const [host, model] = process.argv.slice(2);
const client = new Ollama({ host });
const messages = [{ role: "user", content: "Hi." }];
const tools = [{ type: "function", function: { name: "get_weather", description: "Looks.", parameters: { type: "object", properties: { city: { type: "string" } } } } }];

await run({
  async "a whole chat"() {
    const reply = await client.chat({ model, messages });
    assert.equal(reply.message.content, "Hello there.");
    assert.equal(reply.done, true);
    assert.equal(reply.done_reason, "stop");
    assert.equal(reply.prompt_eval_count, 9);
    assert.equal(reply.eval_count, 3);
    assert.ok(reply.total_duration > 0);
  },
  async "a streamed chat"() {
    let text = "", last;
    for await (const part of await client.chat({ model, messages, stream: true })) {
      text += part.message.content;
      last = part;
    }
    assert.equal(text, "Hello there.");
    assert.equal(last.done, true);
  },
  async "generate, whole and streamed"() {
    assert.equal((await client.generate({ model, prompt: "Hi." })).response, "Hello there.");
    let text = "";
    for await (const part of await client.generate({ model, prompt: "Hi.", stream: true })) text += part.response;
    assert.equal(text, "Hello there.");
  },
  async "a tool is called and its result goes back"() {
    const reply = await client.chat({ model, messages, tools });
    assert.deepEqual(reply.message.tool_calls[0].function, { name: "get_weather", arguments: { city: "Bonn" } });
    const after = await client.chat({ model, tools, messages: [...messages, reply.message, { role: "tool", content: "rain", tool_name: "get_weather" }] });
    assert.equal(after.message.content, "It says: rain");
  },
  async "vectors"() {
    const reply = await client.embed({ model, input: ["a", "b"] });
    assert.deepEqual(reply.embeddings, [[1, 0.5], [2, 0.5]]);
  },
  async "the models there are"() {
    const { models } = await client.list();
    assert.ok(models.some((entry) => entry.name === "onprem/stub"));
    assert.ok((await client.show({ model: "onprem/stub" })).capabilities.includes("completion"));
  },
  async "an error is the client's own"() {
    await assert.rejects(client.chat({ model: "nobody", messages }), (error) => error.name === "ResponseError" && error.status_code === 404);
  },
});
