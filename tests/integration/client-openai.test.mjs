// The official OpenAI client for Node against the running gateway.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, runCommand } from './lib/gateway.mjs';
import { sleep } from './lib/raw.mjs';
import { rowsOf } from './lib/rows.mjs';
import { text } from './lib/faults/ordinary.mjs';

let upstream;
let gateway;
let client;

before(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({
    config: configFor(upstream, {
      server: { timeouts: { first_byte: '2s', drain: '2s' } },
      models: [
        { name: 'alias', provider: 'local', model: 'ok' },
        { name: 'team/alias-with-slash', provider: 'local', model: 'ok' },
        { name: 'fault-*', provider: 'local' },
        { name: 'ok*', provider: 'local' },
        { name: 'tools*', provider: 'local' },
        { name: 'endless*', provider: 'local' },
        { name: 'mute*', provider: 'local' },
      ],
    }),
  });
  client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  await upstream?.close();
});

const messages = [{ role: 'user', content: 'Say it in five words.' }];
const weather = {
  type: 'function',
  function: { name: 'get_weather', description: 'The weather', parameters: { type: 'object', properties: { city: { type: 'string' }, unit: { type: 'string' } }, required: ['city'] } },
};

describe('chat', () => {
  test('non-stream', async () => {
    const answer = await client.chat.completions.create({ model: 'ok.sdk1', messages });
    assert.equal(answer.choices[0].message.content, text);
    assert.equal(answer.usage.total_tokens, 12);
    assert.match(answer._request_id, /^[A-Za-z0-9_-]{1,128}$/);
    const [row] = await rowsOf(gateway.data, 'ok.sdk1');
    assert.deepEqual([row.prompt_tokens, row.completion_tokens, row.state], [7, 5, 'completed']);
  });

  test('stream, usage asked for', async () => {
    const stream = await client.chat.completions.create({ model: 'ok.sdk2', messages, stream: true, stream_options: { include_usage: true } });
    let seen = '';
    let usage = null;
    for await (const chunk of stream) {
      seen += chunk.choices[0]?.delta?.content ?? '';
      usage = chunk.usage ?? usage;
    }
    assert.equal(seen, text);
    assert.equal(usage.completion_tokens, 5);
  });

  test('stream, usage not asked for: metered, and withheld', async () => {
    const stream = await client.chat.completions.create({ model: 'ok.sdk3', messages, stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage), 'the usage chunk came through');
    assert.equal(upstream.last.json.stream_options.include_usage, true);
    const [row] = await rowsOf(gateway.data, 'ok.sdk3');
    assert.deepEqual([row.usage_source, row.prompt_tokens, row.completion_tokens], ['reported', 7, 5]);
  });

  test('the .stream() helper', async () => {
    const runner = client.chat.completions.stream({ model: 'ok.sdk4', messages });
    let deltas = '';
    runner.on('content', (delta) => (deltas += delta));
    const final = await runner.finalChatCompletion();
    assert.equal(final.choices[0].message.content, text);
    assert.equal(deltas, text);
  });

  test('an alias is what the client asked for and not what it gets told upstream', async () => {
    await client.chat.completions.create({ model: 'alias', messages });
    assert.equal(upstream.last.json.model, 'ok');
    const [row] = await rowsOf(gateway.data, 'alias');
    assert.deepEqual([row.model_asked, row.model_served, row.provider], ['alias', 'ok', 'local']);
  });

  for (const [name, model] of [['an upstream', 'tools'], ['echo', 'echo/echo-1']]) {
    test(`tools, ${name}`, async () => {
      const answer = await client.chat.completions.create({ model, messages, tools: [weather] });
      const [call] = answer.choices[0].message.tool_calls;
      assert.equal(answer.choices[0].finish_reason, 'tool_calls');
      assert.equal(call.function.name, 'get_weather');
      JSON.parse(call.function.arguments);
    });
    test(`tools, streamed, ${name}`, async () => {
      const final = await client.chat.completions.stream({ model, messages, tools: [weather] }).finalChatCompletion();
      const [call] = final.choices[0].message.tool_calls;
      assert.equal(final.choices[0].finish_reason, 'tool_calls');
      assert.equal(call.function.name, 'get_weather');
      JSON.parse(call.function.arguments);
    });
  }

  test('echo, whole and streamed', async () => {
    const whole = await client.chat.completions.create({ model: 'echo/echo-1', messages: [{ role: 'user', content: 'four small words here' }] });
    assert.ok(whole.choices[0].message.content.length > 0);
    assert.ok(whole.usage.completion_tokens > 0);
    const final = await client.chat.completions.stream({ model: 'echo/echo-1', messages: [{ role: 'user', content: 'four small words here' }] }).finalChatCompletion();
    assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
    assert.equal((await rowsOf(gateway.data, 'echo/echo-1', 2)).length >= 2, true);
  });

  test('abort in the middle of a stream', async () => {
    const stream = await client.chat.completions.create({ model: 'endless.g10.sdk', messages, stream: true });
    let n = 0;
    for await (const chunk of stream) {
      n += chunk ? 1 : 0;
      if (n === 5) stream.controller.abort();
    }
    const [row] = await rowsOf(gateway.data, 'endless.g10.sdk');
    assert.equal(row.state, 'client_left');
    assert.ok(row.completion_tokens >= 3, `${row.completion_tokens} tokens`);
    const [exchange] = upstream.of('endless.g10.sdk');
    for (let i = 0; i < 100 && exchange.state === 'open'; i += 1) await sleep(10);
    assert.equal(exchange.state, 'aborted');
  });

  test('abort before the answer', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    await assert.rejects(client.chat.completions.create({ model: 'mute.sdk', messages }, { signal: controller.signal }), OpenAI.APIUserAbortError);
    const [row] = await rowsOf(gateway.data, 'mute.sdk');
    assert.deepEqual([row.state, row.status], ['client_left', 499]);
  });
});

describe('errors map to their classes', () => {
  const cases = [
    [OpenAI.AuthenticationError, 401, 'invalid_api_key', () => new OpenAI({ apiKey: 'sk-wrong', baseURL: `${gateway.url}/v1`, maxRetries: 0 }).chat.completions.create({ model: 'ok', messages })],
    [OpenAI.NotFoundError, 404, 'model_not_found', () => client.chat.completions.create({ model: 'no-such-model', messages })],
    [OpenAI.NotFoundError, 404, 'unknown_url', () => client.post('/nowhere', { body: {} })],
    [OpenAI.BadRequestError, 400, undefined, () => client.chat.completions.create({ model: 'ok', messages: 'text' })],
    [OpenAI.BadRequestError, 400, undefined, () => client.chat.completions.create({ model: 'fault-400', messages })],
    [OpenAI.PermissionDeniedError, 403, undefined, () => client.chat.completions.create({ model: 'fault-403', messages })],
    [OpenAI.RateLimitError, 429, 'rate_limit_exceeded', () => client.chat.completions.create({ model: 'fault-429-retry-after', messages })],
    [OpenAI.InternalServerError, 502, 'bad_gateway', () => client.chat.completions.create({ model: 'fault-500', messages })],
    [OpenAI.InternalServerError, 502, 'bad_gateway', () => client.chat.completions.create({ model: 'fault-401-echoes-key', messages })],
    [OpenAI.InternalServerError, 503, undefined, () => client.chat.completions.create({ model: 'fault-529', messages })],
    [OpenAI.InternalServerError, 504, 'request_timeout', () => client.chat.completions.create({ model: 'fault-hang-before-answer', messages })],
    [OpenAI.InternalServerError, 502, 'bad_gateway', () => client.chat.completions.create({ model: 'fault-error-event-first', messages, stream: true })],
  ];
  for (const [type, status, code, run] of cases) {
    test(`${status} ${code ?? ''} is ${type.name}`, async () => {
      const error = await run().then(
        () => assert.fail('no error'),
        (caught) => caught,
      );
      assert.ok(error instanceof type, `${error?.constructor?.name}: ${error?.message}`);
      if (type !== OpenAI.InternalServerError || status !== 502) assert.equal(error.status, status);
      if (code) assert.ok([code].flat().includes(error.code) || error.status === 503, `code ${error.code}`);
      assert.ok(error.requestID, 'x-request-id');
      assert.ok(!error.message.includes('UPSTREAM-PRIVATE'), error.message);
    });
  }

  test('an error event in the middle of a stream is an APIError', async () => {
    const stream = await client.chat.completions.create({ model: 'fault-reset-mid-chunk', messages, stream: true });
    let seen = '';
    await assert.rejects(async () => {
      for await (const chunk of stream) seen += chunk.choices[0]?.delta?.content ?? '';
    }, OpenAI.APIError);
    assert.equal(seen, 'one two six ');
  });

  test('a key that may not do that is a PermissionDeniedError or an AuthenticationError', async () => {
    const made = await runCommand(['keys', 'create', '--data', gateway.data, '--name', 'reader', '--permissions', 'read', '--json']);
    const key = /sk-gr-[0-9A-Za-z]{38}/.exec(made.output)?.[0];
    assert.ok(key, made.output);
    await sleep(300);
    const reader = new OpenAI({ apiKey: key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    await assert.rejects(reader.chat.completions.create({ model: 'ok', messages }), OpenAI.PermissionDeniedError);
    assert.ok((await reader.models.list()).data.length > 0);
  });

  test('x-should-retry: the gateway has retried by itself, the client need not', async () => {
    const counting = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 2 });
    await assert.rejects(counting.chat.completions.create({ model: 'fault-500.retry', messages }), OpenAI.InternalServerError);
    // One request and one retry by the gateway; six without x-should-retry: false.
    assert.equal(upstream.of('fault-500.retry').length, 2);
  });
});

describe('models', () => {
  test('list and retrieve, ids with a slash included', async () => {
    const list = await client.models.list();
    const ids = list.data.map((model) => model.id);
    for (const id of ['alias', 'team/alias-with-slash', 'echo/echo-1']) assert.ok(ids.includes(id), `${id} in ${ids.slice(0, 20)}`);
    assert.ok(list.data.every((model) => model.object === 'model' && typeof model.owned_by === 'string' && Number.isInteger(model.created)));
    for (const id of ['alias', 'team/alias-with-slash', 'echo/echo-1']) assert.equal((await client.models.retrieve(id)).id, id);
    await assert.rejects(client.models.retrieve('no-such-model'), OpenAI.NotFoundError);
  });
});
