// Drives a running node with the official OpenAI client: whole and streamed chats, completions, models, errors, an abort.
// Usage: node openai.mjs BASE_URL MODEL; prints one JSON line for each raw body, so that the caller can check it against the
// published schemas, then "N passed, 0 failed".
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const emit = (schema, body) => console.log(JSON.stringify({ schema, body }));
const client = new OpenAI({ baseURL, apiKey: process.env.NEARSIDE_TEST_KEY ?? "none", maxRetries: 0, timeout: 60_000 });
const messages = [{ role: "user", content: "Pump P-17 in hall 3 is leaking oil near the coupling." }];

const checks = {
  async "a whole chat has text, usage and a stop reason"() {
    const { data, response } = await client.chat.completions.create({ model, messages, temperature: 0 }).withResponse();
    emit("CreateChatCompletionResponse", data);
    assert.equal(data.object, "chat.completion");
    assert.ok(data.choices[0].message.content.length > 0);
    assert.equal(data.choices[0].finish_reason, "stop");
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.ok(response.headers.get("x-nearside-target"));
    assert.ok(response.headers.get("x-nearside-decision"));
    return data.choices[0].message.content;
  },
  async "a streamed chat adds up to the whole one"() {
    const whole = await client.chat.completions.create({ model, messages, temperature: 0 });
    const stream = await client.chat.completions.create({
      model, messages, temperature: 0, stream: true, stream_options: { include_usage: true },
    });
    let text = "", finish = null, usage = null;
    for await (const chunk of stream) {
      emit("CreateChatCompletionStreamResponse", chunk);
      text += chunk.choices[0]?.delta?.content ?? "";
      finish ??= chunk.choices[0]?.finish_reason;
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert.equal(finish, "stop");
    assert.deepEqual(usage.completion_tokens, whole.usage.completion_tokens);
  },
  async "the stream helper of the client assembles the same message"() {
    const runner = client.chat.completions.stream({ model, messages, temperature: 0 });
    const final = await runner.finalChatCompletion();
    assert.ok(final.choices[0].message.content.length > 0);
  },
  async "max_tokens ends with length"() {
    const reply = await client.chat.completions.create({ model, messages, max_tokens: 2, temperature: 0 });
    emit("CreateChatCompletionResponse", reply);
    assert.equal(reply.choices[0].finish_reason, "length");
    assert.equal(reply.usage.completion_tokens, 2);
  },
  async "equal seeds give equal answers"() {
    const ask = () => client.chat.completions.create({ model, messages, temperature: 1.5, seed: 7, max_tokens: 24 });
    assert.equal((await ask()).choices[0].message.content, (await ask()).choices[0].message.content);
  },
  async "stop strings end the answer and are not part of it"() {
    const reply = await client.chat.completions.create({ model, messages, temperature: 0, stop: ['"severity"'] });
    assert.equal(reply.choices[0].finish_reason, "stop");
    assert.ok(!reply.choices[0].message.content.includes('"severity"'));
  },
  async "a text completion works whole and streamed"() {
    const whole = await client.completions.create({ model, prompt: "Pump P-17", max_tokens: 8, temperature: 0 });
    emit("CreateCompletionResponse", whole);
    let text = "";
    for await (const chunk of await client.completions.create({
      model, prompt: "Pump P-17", max_tokens: 8, temperature: 0, stream: true,
    })) {
      // Not checked against the published schema: it describes whole completions only, and forbids the null finish_reason
      // that every streamed piece but the last has.
      text += chunk.choices[0]?.text ?? "";
    }
    assert.equal(text, whole.choices[0].text);
  },
  async "models are listed"() {
    const page = await client.models.list();
    emit("ListModelsResponse", { object: page.object, data: page.data });
    assert.ok(page.data.some((entry) => entry.id === "auto"));
  },
  async "an unknown model is a 404 with a code"() {
    await assert.rejects(client.chat.completions.create({ model: "nobody/nothing", messages }), (error) => {
      emit("ErrorResponse", { error: error.error });
      return error.status === 404 && error.code === "model_not_found";
    });
  },
  async "a prompt longer than the context is a 400 with a code"() {
    const content = "conveyor 12 jammed again. ".repeat(4000);
    await assert.rejects(client.chat.completions.create({ model, messages: [{ role: "user", content }] }), (error) => {
      emit("ErrorResponse", { error: error.error });
      return error.status === 400 && error.code === "context_length_exceeded";
    });
  },
  async "a client that leaves in mid-stream leaves cleanly"() {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    await client.models.list();
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
  } catch (error) {
    failed += 1;
    console.error(`FAILED: ${name}\n${error.stack}`);
  }
}
console.error(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
