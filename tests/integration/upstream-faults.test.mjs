// Each fault of an upstream, asked whole and as a stream: what the client sees, what is recorded, and
// what the upstream was asked. A new case is a row of the table.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, upstreamKey, assertErrorShape, patience, memorySlack } from './lib/gateway.mjs';
import { Connection, requestBytes, readChatStream, sleep } from './lib/raw.mjs';
import { rowsOf } from './lib/rows.mjs';
import { marker, innerHost } from './lib/faults/heads.mjs';
import { text } from './lib/faults/ordinary.mjs';
import { unicodeText } from './lib/faults/streams.mjs';

let upstream;
let gateway;
let tag = 0;

before(async () => {
  upstream = await startUpstream();
  const timeouts = { connect: '1s', first_byte: '1s', stream_idle: '1s', request: '30s', drain: '2s' };
  gateway = await startGateway({ config: configFor(upstream, { server: { timeouts } }) });
});
after(async () => {
  await gateway?.stop();
  await upstream?.close();
});

// ---- what may be seen -------------------------------------------------------------------------

// Accounting: a check of the usage row.
const none = (row) => {
  assert.equal(row.usage_source, 'none');
  assert.ok(!row.prompt_tokens && !row.completion_tokens, 'tokens although nothing was used');
  assert.ok(!row.cost_nanos, 'a cost although nothing was used');
};
const full = (row) => {
  assert.equal(row.usage_source, 'reported');
  const { prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens } = row;
  assert.deepEqual({ prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens }, { prompt_tokens: 7, completion_tokens: 5, cached_tokens: 3, reasoning_tokens: 2 });
};
const estimated = (row) => {
  assert.equal(row.usage_source, 'estimated');
  assert.ok(row.prompt_tokens > 0, 'no estimate of the prompt');
};
// Three events of four bytes were received.
const part = (row) => {
  estimated(row);
  assert.ok(row.completion_tokens >= 2 && row.completion_tokens <= 8, `completion_tokens ${row.completion_tokens} of about 3`);
};
const partOrFull = (row) => (row.usage_source === 'reported' ? full(row) : estimated(row));
const plausible = (row) => {
  for (const name of ['prompt_tokens', 'completion_tokens', 'cached_tokens', 'reasoning_tokens']) {
    const value = row[name];
    assert.ok(value === null || (Number.isInteger(value) && value >= 0 && value <= 100_000_000), `${name} is ${value}`);
  }
  assert.ok(row.cost_nanos === null || row.cost_nanos >= 0, `cost ${row.cost_nanos}`);
};
const anything = () => {};

const ok = ({ accounting = full, content = text, check } = {}) => ({
  what: 'a whole answer',
  see(answer, stream) {
    assert.equal(answer.status, 200, answer.body.toString('utf8').slice(0, 300));
    assert.equal(answer.cut, null);
    assert.equal(answer.headers['content-encoding'], undefined, 'a coding that nobody asked for');
    if (stream && /^text\/event-stream/.test(answer.headers['content-type'])) {
      const seen = readChatStream(answer.body);
      if (content !== null) assert.equal(seen.text, content);
      assert.equal(seen.finish, 'stop');
      assert.equal(seen.error, null);
      assert.equal(seen.dones, 1, 'one [DONE]');
      assert.equal(seen.afterDone, 0, 'events after [DONE]');
      assert.equal(seen.badJson, 0, 'an event that is not JSON');
    } else {
      const body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
      if (content !== null) assert.equal(body.choices[0].message.content, content);
    }
    check?.(answer);
  },
  record(row) {
    assert.equal(row.state, 'completed');
    assert.equal(row.status, 200);
    accounting(row);
  },
});

// What a refusal is called, by its status.
const typeOf = { 500: 'server_error', 502: 'server_error', 503: 'service_unavailable_error', 504: 'timeout_error' };
const refused = (status, { accounting = none, type, code, retryAfter, check } = {}) => ({
  what: `an error ${status}`,
  see(answer) {
    const error = assertErrorShape(answer, { status, type: type ?? typeOf[answer.status], code });
    assert.ok(Buffer.byteLength(error.message) <= 2048, 'a message over 2 KiB');
    if (retryAfter) assert.match(answer.headers['retry-after'] ?? '', retryAfter, 'retry-after');
    check?.(answer, error);
  },
  record(row, answer) {
    assert.equal(row.state, 'failed');
    assert.equal(row.status, answer.status);
    assert.ok(row.error_code, 'error_code');
    accounting(row);
  },
});

const cut = ({ accounting = part, content = 'one two six ', check } = {}) => ({
  what: 'an error event and an end without [DONE]',
  see(answer) {
    assert.equal(answer.status, 200, answer.body.toString('utf8').slice(0, 300));
    assert.equal(answer.cut, null, 'the body must end properly');
    const seen = readChatStream(answer.body);
    assert.ok(seen.error, 'no error event');
    for (const member of ['message', 'type', 'param', 'code']) assert.ok(member in seen.error, `error.${member}`);
    assert.equal(seen.dones, 0, '[DONE] after a cut');
    assert.equal(seen.badJson, 0, 'an event that is not JSON');
    if (content !== null) assert.ok(seen.text.startsWith(content), `text ${seen.text.slice(0, 100)}`);
    check?.(answer, seen);
  },
  record(row) {
    assert.equal(row.state, 'failed');
    assert.ok(row.error_code, 'error_code');
    accounting(row);
  },
});

// ---- the table: row of B.6, model, asked whole, asked as a stream, requests at the upstream -------

const privateHeaders = (answer) => {
  assert.ok(!/PRIVATE/.test(answer.rawHead), `a private header came through:\n${answer.rawHead}`);
  assert.notEqual(answer.headers['x-request-id'], 'req_of_the_upstream');
};
const done = (pattern) => ({ check: (answer, error) => assert.match(error.message, pattern) });

const table = [
  [1, 'fault-reset-before-answer', refused([502]), refused([502]), { requests: [1, 2] }],
  [1, 'fault-close-before-answer', refused([502]), refused([502]), { requests: [1, 2] }],
  [2, 'fault-hang-before-answer', refused([504], { accounting: estimated }), refused([504], { accounting: estimated }), { requests: [1] }],
  [3, 'fault-slow-head', [ok({ accounting: anything, content: null }), refused([504, 502], { accounting: anything })], [refused([504, 502], { accounting: anything })]],
  [4, 'fault-not-http', refused([502]), refused([502]), { requests: [1, 2] }],
  [4, 'fault-bad-status-line', refused([502]), refused([502]), { requests: [1, 2] }],
  [5, 'fault-head-1m', refused([502]), refused([502]), { requests: [1, 2] }],
  [6, 'fault-interim-answers', ok(), ok()],
  [7, 'fault-switches-protocol', refused([502]), refused([502]), { requests: [1, 2], dropped: true }],
  [8, 'fault-400', refused([400], done(/Unsupported value/)), refused([400], done(/Unsupported value/)), { requests: [1] }],
  [9, 'fault-401-echoes-key', refused([502]), refused([502])],
  [10, 'fault-403', refused([403, 502]), refused([403, 502]), { requests: [1] }],
  [10, 'fault-404', refused([404, 502]), refused([404, 502]), { requests: [1] }],
  [11, 'fault-429-retry-after', refused([429], { type: 'rate_limit_error', retryAfter: /^7$/ }), refused([429], { retryAfter: /^7$/ }), { requests: [1, 2] }],
  [11, 'fault-429-absurd', refused([429], { retryAfter: /^(300|[12]?\d?\d)$/ }), refused([429], { retryAfter: /^(300|[12]?\d?\d)$/ }), { requests: [1, 2] }],
  [12, 'fault-429-bare', refused([429], { retryAfter: /^[1-9]\d{0,2}$/ }), refused([429], { retryAfter: /^[1-9]\d{0,2}$/ }), { requests: [1, 2] }],
  [13, 'fault-500', refused([502]), refused([502]), { requests: [2] }],
  [13, 'fault-503', refused([502, 503]), refused([502, 503]), { requests: [2] }],
  [13, 'fault-529', refused([503]), refused([503]), { requests: [2] }],
  [14, 'fault-502-html', refused([502]), refused([502]), { requests: [1, 2] }],
  [15, 'fault-503-once', ok(), ok(), { requests: [2] }],
  [16, 'fault-200-with-error', refused([502]), refused([502]), { requests: [1, 2] }],
  [17, 'fault-redirect-internal', refused([502]), refused([502]), { requests: [1, 2] }],
  [18, 'fault-invalid-json', refused([502], { accounting: estimated }), refused([502], { accounting: estimated }), { requests: [1] }],
  [18, 'fault-empty-200', refused([502], { accounting: estimated }), refused([502], { accounting: estimated }), { requests: [1] }],
  [18, 'fault-html-200', refused([502], { accounting: estimated }), refused([502], { accounting: estimated }), { requests: [1] }],
  [19, 'fault-short-body', refused([502], { accounting: estimated }), null, { requests: [1] }],
  [20, 'fault-body-hangs', refused([504], { accounting: estimated }), null, { requests: [1] }],
  [21, 'fault-gzip', [ok(), refused([502], { accounting: anything })], null],
  [22, 'fault-gzip-bomb', refused([502]), null, { memory: 64, within: 2000 }],
  [23, 'fault-body-64m', [ok({ content: null }), refused([502], { accounting: estimated })], null],
  [23, 'fault-body-8m', ok({ content: 'z'.repeat(8 << 20) }), null],
  [24, 'fault-depth-100k', refused([502], { accounting: estimated }), null],
  [25, 'fault-no-usage', ok({ accounting: estimated }), null],
  [26, 'fault-usage-nonsense', [ok({ accounting: plausible }), refused([502], { accounting: plausible })], null],
  [26, 'fault-usage-huge', [ok({ accounting: plausible }), refused([502], { accounting: plausible })], null],
  [27, 'fault-nulls', [ok({ accounting: estimated, content: null }), refused([502], { accounting: estimated })], null],
  [27, 'fault-bad-utf8', [ok({ accounting: anything, content: null }), refused([502], { accounting: anything })], null],
  [28, 'fault-private-headers', ok({ check: privateHeaders }), null],
  [29, 'fault-length-and-chunked', refused([502], { accounting: anything }), refused([502], { accounting: anything }), { dropped: true, requests: [1, 2] }],
  [29, 'fault-two-lengths', refused([502], { accounting: anything }), null, { dropped: true, requests: [1, 2] }],
  [32, 'fault-stream-for-whole', [ok(), refused([502], { accounting: partOrFull })], null],
  [33, 'fault-whole-for-stream', null, ok()],
  [34, 'fault-truncated-stream', null, cut(), { requests: [1] }],
  [34, 'fault-reset-mid-chunk', null, cut(), { requests: [1] }],
  [35, 'fault-no-finish', null, cut(), { requests: [1] }],
  [36, 'fault-no-done', null, ok()],
  [37, 'fault-two-dones', null, ok()],
  [37, 'fault-events-after-done', null, ok()],
  [38, 'fault-hang-after-head', null, [refused([504], { accounting: estimated }), cut({ content: '', accounting: estimated })], { requests: [1] }],
  [38, 'fault-hang-mid-stream', null, cut(), { requests: [1], within: 4000 }],
  [39, 'fault-hang-after-done', null, ok(), { dropped: true, within: 1000 }],
  [40, 'fault-byte-by-byte', null, ok()],
  [40, 'fault-split-utf8', null, ok({ content: unicodeText })],
  [41, 'fault-crlf-lines', null, ok()],
  [41, 'fault-cr-lines', null, ok()],
  [41, 'fault-split-crlf', null, ok()],
  [42, 'fault-odd-sse', null, ok()],
  [42, 'fault-multi-line-data', null, ok()],
  [43, 'fault-event-10m', null, [ok({ content: text + 'm'.repeat(10 << 20) }), cut({ accounting: partOrFull })]],
  [44, 'fault-endless-line', null, cut(), { memory: 32, dropped: true }],
  [45, 'fault-bad-json-event', null, [ok({ accounting: partOrFull }), cut()]],
  [46, 'fault-error-event', null, cut({ check: (answer, seen) => assert.match(seen.error.message, /invalid content/) })],
  [47, 'fault-error-event-first', null, refused([502, 503, 529])],
  [48, 'fault-chunk-extensions', null, ok()],
  [48, 'fault-stream-with-length', null, ok()],
  [48, 'fault-stream-until-close', null, ok()],
  [49, 'fault-bad-chunk-size', null, cut(), { dropped: true }],
  [50, 'fault-gzip-stream', null, [ok(), refused([502], { accounting: anything })]],
  [51, 'fault-stream-usage-nonsense', null, ok({ accounting: plausible })],
];

// ---- one case ---------------------------------------------------------------------------------

function firstThatHolds(expectations, check) {
  let first;
  for (const one of [].concat(expectations)) {
    try {
      check(one);
      return one;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function runCase([, name, whole, streamed, options = {}], stream) {
  const expectations = stream ? streamed : whole;
  const model = `${name}.c${(tag += 1)}`;
  const memoryBefore = options.memory ? gateway.memory() : 0;
  const begun = performance.now();
  const answer = await gateway.chat({ model, stream, messages: [{ role: 'user', content: 'Say it in five words, please.' }] });
  const took = performance.now() - begun;
  const all = answer.rawHead + answer.body.subarray(0, 100_000).toString('utf8');
  for (const secret of [marker, innerHost, upstreamKey, 'sk-proj-ABCDEF', `127.0.0.1:${upstream.port}`, '<html']) {
    assert.ok(!all.includes(secret), `the client was shown ${secret}`);
  }
  const held = firstThatHolds(expectations, (one) => one.see(answer, stream));
  const rows = await rowsOf(gateway.data, model);
  assert.equal(rows.length, 1, `usage rows of ${model}`);
  held.record(rows[0], answer);
  assert.equal(rows[0].stream, stream ? 1 : 0);
  const asked = upstream.of(model);
  if (options.requests) assert.ok(options.requests.includes(asked.length), `${asked.length} requests at the upstream, expected ${options.requests}`);
  if (options.within) assert.ok(took < options.within * patience, `${took} ms`);
  if (options.memory) {
    const grown = (gateway.memory() - memoryBefore) / (1 << 20);
    assert.ok(grown <= (options.memory + 16) * memorySlack, `${grown} MiB more`);
  }
  if (options.dropped) {
    for (const one of asked) {
      for (let i = 0; i < 40 && !one.gone; i += 1) await sleep(25);
      assert.ok(one.gone, 'the upstream connection was kept');
    }
  }
}

describe('upstream faults', { concurrency: 4 }, () => {
  for (const row of table.filter(([, , , , options]) => !options?.memory)) {
    const [number, name, whole, streamed] = row;
    if (whole) test(`${number} ${name}, whole`, () => runCase(row, false));
    if (streamed) test(`${number} ${name}, stream`, () => runCase(row, true));
  }
});

describe('upstream faults, one at a time', () => {
  // Alone, as they look at the memory of the process.
  for (const row of table.filter(([, , , , options]) => options?.memory)) {
    const [number, name, whole, streamed] = row;
    if (whole) test(`${number} ${name}, whole`, () => runCase(row, false));
    if (streamed) test(`${number} ${name}, stream`, () => runCase(row, true));
  }

  const ask = async (content, model = 'nonce') => {
    const answer = await gateway.chat({ model, messages: [{ role: 'user', content }] });
    return JSON.parse(answer.text).choices[0].message.content;
  };

  test('30 fault-trailing-answer: nobody gets the second answer', async () => {
    for (let i = 0; i < 5; i += 1) {
      const answer = await gateway.chat({ model: 'fault-trailing-answer', messages: [{ role: 'user', content: 'x' }] });
      assert.equal(answer.status, 200);
      assert.equal(JSON.parse(answer.text).choices[0].message.content, text);
      const own = await Promise.all(Array.from({ length: 6 }, (_, k) => ask(`own-${i}-${k}`)));
      assert.deepEqual(own, Array.from({ length: 6 }, (_, k) => `own-${i}-${k}`));
    }
    const connections = new Set(upstream.of('fault-trailing-answer').map((one) => one.connection));
    assert.equal(connections.size, 5, 'a connection with bytes left over was used again');
  });

  for (const stream of [false, true]) {
    test(`31 fault-late-answer, ${stream ? 'stream' : 'whole'}: an answer to a client that left is seen by nobody`, async () => {
      const model = `fault-late-answer.t400.${stream ? 's' : 'w'}${(tag += 1)}`;
      const body = { model, stream, messages: [{ role: 'user', content: 'I will not wait for this.' }] };
      const leaving = await Promise.all(Array.from({ length: 5 }, () => Connection.open(gateway.port)));
      for (const client of leaving) await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body }));
      await sleep(50);
      for (const client of leaving) client.rst();
      const until = performance.now() + 700;
      let n = 0;
      while (performance.now() < until) {
        const own = `own-${(n += 1)}`;
        assert.equal(await ask(own), own);
      }
      const rows = await rowsOf(gateway.data, model, 5);
      assert.equal(rows.length, 5);
      for (const row of rows) {
        assert.equal(row.state, 'client_left');
        assert.equal(row.status, 499);
        assert.ok(row.prompt_tokens > 0 && !row.completion_tokens, `tokens ${row.prompt_tokens} and ${row.completion_tokens}`);
      }
    });
  }

  test('17 redirects were not followed', () => assert.equal(upstream.canary.connections, 0));

  test('nothing private is in the log', () => {
    for (const secret of [marker, upstreamKey, gateway.key, 'sk-proj-ABCDEF', 'Say it in five words', 'one two six']) {
      assert.ok(!gateway.output.includes(secret), `the log has ${secret}`);
    }
  });

  test('a good request afterwards', () => gateway.assertHealthy());
});
