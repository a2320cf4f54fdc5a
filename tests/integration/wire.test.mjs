// Recordings of OpenAI-compatible hosts, replayed by the upstream through the gateway: the body comes
// out as it went in, and the usage row says what the recording says. The recordings are not part of
// the repository: GAIAROUTER_WIRE_DIR names their folder.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, repository, assertErrorShape, upstreamKey } from './lib/gateway.mjs';
import { parseSse } from './lib/raw.mjs';
import { rowsOf } from './lib/rows.mjs';

const folder = process.env.GAIAROUTER_WIRE_DIR ?? path.join(repository, '../shared/wire');
const expected = 62; // recordings of the chat format when the folder is complete

function loadCases() {
  const cases = [];
  for (const provider of readdirSync(folder, { withFileTypes: true })) {
    if (!provider.isDirectory()) continue;
    for (const name of readdirSync(path.join(folder, provider.name))) {
      const at = (file) => path.join(folder, provider.name, name, file);
      if (!existsSync(at('meta.json'))) continue;
      const meta = JSON.parse(readFileSync(at('meta.json'), 'utf8'));
      if (meta.api !== 'chat') continue;
      const answer = JSON.parse(readFileSync(at('response.headers.json'), 'utf8'));
      const request = existsSync(at('request.json')) ? JSON.parse(readFileSync(at('request.json'), 'utf8')) : null;
      cases.push({ id: `${provider.name}/${name}`, meta, request, status: answer.status, headers: answer.headers, body: readFileSync(at('response.body')) });
    }
  }
  return cases;
}

const present = existsSync(folder);
const cases = present ? loadCases() : [];

// The counts of a recording, as the last place that has them says.
function recordedUsage(one) {
  const bodies = one.meta.stream
    ? parseSse(one.body).events.flatMap(({ data }) => {
        try {
          return [JSON.parse(data)];
        } catch {
          return [];
        }
      })
    : [JSON.parse(one.body)];
  const usage = bodies.map((body) => body.usage ?? body.x_groq?.usage).filter((u) => u && Number.isInteger(u.prompt_tokens)).at(-1);
  if (!usage) return null;
  const count = (value) => (Number.isInteger(value) ? value : undefined);
  const reasoning = count(usage.completion_tokens_details?.reasoning_tokens ?? usage.reasoning_tokens);
  const cached = count(usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens);
  return { prompt: usage.prompt_tokens, completion: usage.completion_tokens, total: count(usage.total_tokens), cached, reasoning };
}

const endsWithDone = (body) => parseSse(body).events.at(-1)?.data === '[DONE]';
const hasErrorEvent = (body) =>
  parseSse(body).events.some(({ type, data }) => {
    try {
      return type === 'error' || JSON.parse(data).error !== undefined;
    } catch {
      return data !== '[DONE]';
    }
  });

// Streams that are no whole answer: the gateway says so instead of passing them off as one.
function faultOf(one) {
  if (!one.meta.stream || one.status !== 200) return null;
  if (hasErrorEvent(one.body)) return 'the provider reports an error inside the stream';
  const finished = parseSse(one.body).events.some(({ data }) => data !== '[DONE]' && JSON.parse(data).choices?.some((choice) => choice.finish_reason));
  if (!finished && !endsWithDone(one.body)) return 'the recording has no finish_reason: a cut answer';
  return null;
}

let upstream;
let gateway;

const replay = async (x) => {
  const one = cases[x.parameter('c', 0)];
  const type = one.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? (one.meta.stream ? 'text/event-stream' : 'application/json');
  const kept = Object.fromEntries(one.headers.filter(([name]) => /^(retry-after|x-ratelimit-|x-should-retry)/i.test(name)));
  if (!one.meta.stream || one.status !== 200) return x.whole(one.status, one.body, { 'content-type': type, ...kept });
  await x.streamHead({ 'content-type': type });
  // Cut anywhere: chunk borders are not part of a recording.
  for (let from = 0, step = 7; from < one.body.length; from += step, step = (step * 31 + 17) % 1400 + 1) {
    await x.chunk(one.body.subarray(from, from + step));
  }
  await x.lastChunk();
};

before(async () => {
  if (!present) return;
  upstream = await startUpstream({ behaviours: { wire: replay } });
  gateway = await startGateway({ config: configFor(upstream, { server: { timeouts: { drain: '2s' } } }) });
});
after(async () => {
  await gateway?.stop();
  await upstream?.close();
});

describe('recordings', { concurrency: 4 }, () => {
  if (!present) {
    test('recordings', { skip: `skipped, ${expected} recordings not present` }, () => {});
    return;
  }
  cases.forEach((one, index) => {
    test(`${one.id}`, async () => {
      const model = `wire.c${index}`;
      const recorded = one.request && typeof one.request === 'object' && Array.isArray(one.request.messages) ? one.request : { messages: [{ role: 'user', content: 'hi' }] };
      const body = { ...recorded, model, stream: one.meta.stream || undefined };
      if (one.meta.stream) body.stream_options = { ...recorded.stream_options, include_usage: true };
      else delete body.stream_options;
      const sent = JSON.stringify(body);
      const answer = await gateway.chat(sent);
      assert.equal(answer.cut, null);
      if (upstream.of(model).length === 0) {
        // Refused by the gateway itself, as the recorded request is wrong: nothing was used.
        assertErrorShape(answer, { status: one.status });
        return;
      }
      const [row] = await rowsOf(gateway.data, model);
      assert.ok(row, 'a usage row');

      if (one.status !== 200) {
        const error = assertErrorShape(answer);
        assert.ok(answer.status >= 400);
        if (one.status === 401) assert.equal(answer.status, 502);
        else if (one.status < 500) assert.equal(answer.status, one.status);
        else assert.ok([502, 503].includes(answer.status));
        assert.ok(!answer.text.includes(upstreamKey));
        assert.ok(error.message.length <= 2048);
        assert.equal(row.usage_source, 'none');
        return;
      }

      assert.equal(upstream.of(model).at(-1).body.toString(), sent, 'the request went upstream byte for byte');
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
      const fault = faultOf(one);
      if (fault) {
        assert.equal(row.state, 'failed', fault);
        assert.ok(!endsWithDone(answer.body), `${fault}, and yet [DONE]`);
        return;
      }
      if (one.meta.stream && !endsWithDone(one.body)) {
        assert.ok(answer.body.subarray(0, one.body.length).equals(one.body), 'the body byte for byte');
        assert.match(answer.body.subarray(one.body.length).toString(), /^\s*data: \[DONE\]\n\n$/, 'nothing but [DONE] is added');
      } else {
        assert.ok(answer.body.equals(one.body), `the body byte for byte: ${answer.body.length} of ${one.body.length} bytes`);
      }
      assert.equal(row.state, 'completed');
      const usage = recordedUsage(one);
      if (!usage) {
        assert.equal(row.usage_source, 'estimated');
        return;
      }
      assert.equal(row.usage_source, 'reported');
      const { prompt, completion, total } = usage;
      if (total > prompt + completion) {
        // Hosts that leave reasoning or audio out of the two counts: the total is what they charge.
        assert.ok(row.prompt_tokens >= prompt && row.completion_tokens >= completion);
        assert.equal(row.prompt_tokens + row.completion_tokens, total, 'prompt and completion tokens');
      } else {
        assert.deepEqual([row.prompt_tokens, row.completion_tokens], [prompt, completion], 'prompt and completion tokens');
      }
      // A part is never more than its whole, whatever the host says.
      if (usage.cached !== undefined) assert.equal(row.cached_tokens ?? 0, Math.min(usage.cached, row.prompt_tokens), 'cached tokens');
      if (usage.reasoning !== undefined) assert.equal(row.reasoning_tokens ?? 0, Math.min(usage.reasoning, row.completion_tokens), 'reasoning tokens');
    });
  });
});
