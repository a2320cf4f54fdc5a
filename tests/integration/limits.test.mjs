// Exhaustion (D-01 to D-06) and each named limit and time-out at its edge. Times are printed; only
// generous bounds are asserted, as machines differ.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, scaled, patience, memorySlack, assertErrorShape, runCommand } from './lib/gateway.mjs';
import { Connection, Timeout, requestBytes, sleep } from './lib/raw.mjs';
import { pool, quantile } from './lib/measure.mjs';

const upstream = await startUpstream();
after(() => upstream.close());

const good = { model: 'ok', messages: [{ role: 'user', content: 'hi' }] };
const L = (text) => Buffer.from(text, 'latin1');

async function withGateway(server, run, more = {}) {
  const gateway = await startGateway({ config: configFor(upstream, { server: { ...server, timeouts: { drain: '2s', ...server.timeouts } } }), ...more });
  try {
    await run(gateway);
    await gateway.assertHealthy();
  } finally {
    await gateway.stop();
  }
}

// Small requests beside the load; resolves to their times.
function probe(gateway) {
  const times = [];
  let stopped = false;
  const running = (async () => {
    const client = await Connection.open(gateway.port);
    const bytes = requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: good });
    while (!stopped) {
      const begun = performance.now();
      await client.write(bytes);
      const answer = await client.response();
      assert.equal(answer?.status, 200);
      times.push(performance.now() - begun);
      await sleep(10);
    }
    client.destroy();
  })();
  return async () => {
    stopped = true;
    await running;
    return `${times.length} probes, p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
  };
}

describe('exhaustion', () => {
  test('D-01 slowloris', () =>
    withGateway({ timeouts: { request_head: '2s' } }, async (gateway) => {
      const memory = gateway.memory();
      const stop = probe(gateway);
      const times = await pool(scaled(300), scaled(300), async () => {
        const client = await Connection.open(gateway.port);
        const begun = performance.now();
        await client.write(L('GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n'));
        const drip = setInterval(() => void client.write(L('X-Drip: v\r\n')), 300);
        const closed = await client.untilClosed(15_000 * patience);
        clearInterval(drip);
        client.destroy();
        assert.ok(closed, 'kept open');
        return performance.now() - begun;
      });
      console.log(`# D-01: closed after ${Math.max(...times).toFixed(0)} ms at most; ${await stop()}; memory + ${((gateway.memory() - memory) >> 20)} MiB`);
      assert.ok(Math.max(...times) <= 6000 * patience);
      assert.ok(gateway.memory() - memory <= (100 << 20) * memorySlack);
    }));

  test('D-02 bodies at a byte now and then', () =>
    withGateway({ timeouts: { request_body: '2s' } }, async (gateway) => {
      const times = await pool(scaled(150), scaled(150), async () => {
        const client = await Connection.open(gateway.port);
        const begun = performance.now();
        await client.write(L(`POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${gateway.key}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n`));
        const drip = setInterval(() => void client.write(L(' ')), 200);
        const closed = await client.untilClosed(15_000 * patience);
        clearInterval(drip);
        client.destroy();
        assert.ok(closed, 'kept open');
        return performance.now() - begun;
      });
      console.log(`# D-02: closed after ${Math.max(...times).toFixed(0)} ms at most`);
      assert.ok(Math.max(...times) <= 6000 * patience);
    }));

  test('D-03 idle kept connections', () =>
    withGateway({ timeouts: { idle: '3s' } }, async (gateway) => {
      const count = scaled(1000);
      const memory = gateway.memory();
      const clients = await pool(count, 50, async () => {
        const client = await Connection.open(gateway.port);
        await client.write(L('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
        assert.equal((await client.response()).status, 200);
        return client;
      });
      const each = (gateway.memory() - memory) / count;
      for (const client of clients) {
        assert.ok(await client.untilClosed(15_000 * patience), 'kept open');
        assert.equal(client.buffered, 0, 'unsolicited bytes before the close');
        client.destroy();
      }
      console.log(`# D-03: ${(each / 1024).toFixed(1)} KiB for each of ${count} idle connections`);
      assert.ok(each <= 64 * 1024 * memorySlack);
    }));

  test('D-04 few file descriptors, many clients', () =>
    withGateway(
      { threads: 1, limits: { connections: 60 } },
      async (gateway) => {
        const clients = (await Promise.all(Array.from({ length: 300 }, () => Connection.open(gateway.port).catch(() => null)))).filter(Boolean);
        await sleep(300);
        const cpu = gateway.cpuSeconds();
        await sleep(2000);
        const busy = (gateway.cpuSeconds() - cpu) / 2;
        console.log(`# D-04: ${clients.length} clients connected, ${clients.filter((one) => !one.ended).length} kept, CPU ${(busy * 100).toFixed(0)} % while waiting`);
        assert.ok(gateway.running);
        assert.ok(busy <= 0.5, 'a busy loop');
        for (const client of clients) client.destroy();
        await sleep(1000);
        await gateway.assertHealthy();
      },
      { launcher: ['bash', '-c', 'ulimit -n 256; exec "$0" "$@"'] },
    ));

  test('D-05 and D-06 memory and time of single requests', () =>
    withGateway({}, async (gateway) => {
      const tenMiB = 10 * 1024 * 1024 - 200;
      const fill = (unit) => unit.repeat(Math.floor(tenMiB / unit.length));
      const message = (content) => `{"model":"ok","messages":[{"role":"user","content":${content}}]}`;
      const bodies = [
        ['deep arrays', `{"model":"ok","messages":[{"role":"user","content":"x"}],"x":[${fill('[[[[[[]]]]]],').slice(0, -1)}]}`],
        ['1-character strings', `{"model":"ok","messages":[{"role":"user","content":"x"}],"x":[${fill('"a",').slice(0, -1)}]}`],
        ['escapes', message(`"${fill('\\u0041')}"`)],
        ['one long string', message(`"${fill('a')}"`)],
        ['unclosed', '['.repeat(tenMiB)],
        ['a number of 1 M digits', `{"model":"ok","seed":${'9'.repeat(1e6)}}`],
        ['white space', `{"model":"ok",${' '.repeat(tenMiB)}"messages":[{"role":"user","content":"x"}]}`],
      ];
      for (const [name, body] of bodies) {
        const memory = gateway.memory();
        const stop = probe(gateway);
        await sleep(100);
        const begun = performance.now();
        const cpu = gateway.cpuSeconds();
        const answer = await gateway.chat(body, { timeout: 30_000 });
        const took = performance.now() - begun;
        const busy = (gateway.cpuSeconds() - cpu) * 1000;
        const grown = (gateway.memory() - memory) / (1 << 20);
        console.log(`# D-05/06 ${name}: ${answer.status}, ${took.toFixed(0)} ms with the upstream's own reading, ${busy.toFixed(0)} ms CPU of the gateway, memory + ${grown.toFixed(0)} MiB; ${await stop()}`);
        assert.ok([200, 400].includes(answer.status), `${name}: ${answer.status} ${answer.text.slice(0, 200)}`);
        assert.ok(grown <= 64 * memorySlack, `memory + ${grown} MiB`);
        assert.ok(busy <= 600 * patience, `${busy} ms of CPU`);
      }
    }));
});

describe('each limit at its edge', { concurrency: 3 }, () => {
  test('request_body: the limit passes, one byte more does not', () =>
    withGateway({ limits: { request_body: '64KiB' } }, async (gateway) => {
      const padded = (size) => {
        const text = JSON.stringify(good);
        return text.slice(0, -1) + ' '.repeat(size - text.length) + '}';
      };
      assert.equal((await gateway.chat(padded(65_536))).status, 200);
      assertErrorShape(await gateway.chat(padded(65_537)), { status: 413, code: 'request_too_large' });
      const chunked = { 'content-length': undefined, 'transfer-encoding': 'chunked' };
      const asChunks = (text) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
      assert.equal((await gateway.chat(asChunks(padded(65_536)), { headers: chunked })).status, 200);
      assertErrorShape(await gateway.chat(asChunks(padded(65_537)), { headers: chunked }), { status: 413 });
    }));

  test('request_line, request_head, request_headers', () =>
    withGateway({ limits: { request_line: '1KiB', request_head: '4KiB', request_headers: 20 } }, async (gateway) => {
      const path = (n) => `/v1/models?${'q'.repeat(n)}`;
      assert.equal((await gateway.call({ path: path(900) })).status, 200);
      assertErrorShape(await gateway.call({ path: path(1100) }), { status: 414 });
      assert.equal((await gateway.call({ path: '/v1/models', headers: { 'x-pad': 'p'.repeat(3500) } })).status, 200);
      assertErrorShape(await gateway.call({ path: '/v1/models', headers: { 'x-pad': 'p'.repeat(4200) } }), { status: 431 });
      const fields = (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`x-${i}`, 'v']));
      assert.equal((await gateway.call({ path: '/v1/models', headers: fields(18) })).status, 200); // and Host and Authorization
      assertErrorShape(await gateway.call({ path: '/v1/models', headers: fields(19) }), { status: 431 });
    }));

  test('json_depth, json_number_digits, choices', () =>
    withGateway({ limits: { json_depth: 10, json_number_digits: 20, choices: 3 } }, async (gateway) => {
      const deep = (n) => `{"model":"ok","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(n)}${']'.repeat(n)}}`;
      assert.equal((await gateway.chat(deep(9))).status, 200);
      assertErrorShape(await gateway.chat(deep(10)), { status: 400, code: 'invalid_json' });
      const digits = (n) => `{"model":"ok","messages":[{"role":"user","content":"x"}],"x":${'1'.repeat(n)}}`;
      assert.equal((await gateway.chat(digits(20))).status, 200);
      assertErrorShape(await gateway.chat(digits(21)), { status: 400 });
      assert.equal((await gateway.chat({ ...good, n: 3 })).status, 200);
      assertErrorShape(await gateway.chat({ ...good, n: 4 }), { status: 400, param: 'n' });
    }));

  test('chunk_extensions and trailers', () =>
    withGateway({ limits: { chunk_extensions: '100', trailers: '100' } }, async (gateway) => {
      const text = JSON.stringify(good);
      const headers = { 'content-length': undefined, 'transfer-encoding': 'chunked' };
      const body = (extension, trailer) => `${text.length.toString(16)}${extension}\r\n${text}\r\n0\r\n${trailer}\r\n`;
      assert.equal((await gateway.chat(body(';a=b', ''), { headers })).status, 200);
      assertErrorShape(await gateway.chat(body(`;a=${'b'.repeat(200)}`, ''), { headers }), { status: [400, 413] });
      assert.equal((await gateway.chat(body('', 'X-Trailer: v\r\n'), { headers })).status, 200);
      assertErrorShape(await gateway.chat(body('', `X-Trailer: ${'v'.repeat(200)}\r\n`), { headers }), { status: [400, 413, 431] });
    }));

  test('upstream_head, upstream_body, upstream_event', () =>
    withGateway({ limits: { upstream_head: '4KiB', upstream_body: '64KiB', upstream_event: '32KiB' } }, async (gateway) => {
      assertErrorShape(await gateway.chat({ ...good, model: 'fault-head-1m' }), { status: 502 });
      assert.equal((await gateway.chat({ ...good, model: 'big.k60' })).status, 200);
      assertErrorShape(await gateway.chat({ ...good, model: 'big.k80' }), { status: 502 });
      const streamed = await gateway.chat({ ...good, model: 'big.m2', stream: true }); // events of 16 KiB, no limit to their sum
      assert.equal(streamed.cut, null);
      assert.match(streamed.text.slice(-40), /\[DONE\]/);
      const cut = await gateway.chat({ ...good, model: 'fault-event-10m', stream: true });
      assert.equal(cut.cut, null);
      assert.doesNotMatch(cut.text.slice(-100), /\[DONE\]/);
      assert.match(cut.text, /"error"/);
    }));

  test('connections: one more is refused, and there is room again afterwards', () =>
    withGateway({ threads: 1, limits: { connections: 10 } }, async (gateway) => {
      await sleep(300);
      const held = [];
      for (let i = 0; i < 10; i += 1) {
        const client = await Connection.open(gateway.port);
        await client.write(L('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
        const answer = await client.response().catch(() => null);
        if (answer?.status === 200) held.push(client);
      }
      assert.ok(held.length >= 8, `${held.length} of 10 were served`);
      const extra = await Connection.open(gateway.port);
      await extra.write(requestBytes({ path: '/v1/models', key: gateway.key }));
      const refused = await extra.response({ timeout: 3000 }).catch((error) => (error instanceof Timeout ? 'waits' : null));
      assert.ok(refused === null || refused.status === 503, `one above the limit: ${refused?.status ?? refused}`);
      extra.destroy();
      for (const client of held) client.destroy();
      await sleep(300);
    }));

  test('requests_per_connection', () =>
    withGateway({ limits: { requests_per_connection: 5 } }, async (gateway) => {
      const client = await Connection.open(gateway.port);
      for (let i = 1; i <= 5; i += 1) {
        await client.write(requestBytes({ path: '/v1/models', key: gateway.key }));
        const answer = await client.response();
        assert.equal(answer.status, 200, `request ${i}`);
        assert.equal(/close/i.test(answer.headers.connection ?? ''), i === 5, `Connection of answer ${i}: ${answer.headers.connection}`);
      }
      assert.ok(await client.untilClosed(3000));
      client.destroy();
    }));

  test('streams_per_key', () =>
    withGateway({ limits: { streams_per_key: 3 } }, async (gateway) => {
      const made = await runCommand(['keys', 'create', '--data', gateway.data, '--name', 'three streams', '--json']);
      const key = /sk-gr-[0-9A-Za-z]{38}/.exec(made.output)?.[0];
      assert.ok(key, made.output);
      await sleep(300);
      const streams = await Promise.all(
        Array.from({ length: 3 }, async () => {
          const client = await Connection.open(gateway.port);
          await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key, body: { ...good, model: 'endless.g50', stream: true } }));
          assert.equal((await client.head()).status, 200);
          return client;
        }),
      );
      const refused = await gateway.chat({ ...good, stream: true }, { key });
      assertErrorShape(refused, { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' });
      assert.match(refused.headers['retry-after'] ?? '', /^\d+$/);
      for (const client of streams) client.rst();
      for (let i = 0; i < 50; i += 1) {
        const again = await gateway.chat({ ...good, stream: true }, { key });
        if (again.status === 200) return;
        await sleep(100);
      }
      assert.fail('the streams that ended are still counted');
    }));

  test('request_head, request_body, idle', () =>
    withGateway({ timeouts: { request_head: '700ms', request_body: '1200ms', idle: '900ms' } }, async (gateway) => {
      const timed = async (bytes, before = null) => {
        const client = await Connection.open(gateway.port);
        if (before) {
          await client.write(before);
          await client.response();
        }
        const begun = performance.now();
        if (bytes) await client.write(bytes);
        const answer = await client.response({ timeout: 10_000 });
        assert.ok(await client.untilClosed(10_000));
        client.destroy();
        return { took: performance.now() - begun, status: answer?.status ?? 0 };
      };
      const head = await timed(L('GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\n'));
      assert.ok(head.took >= 500 && head.took < 4000 * patience && [0, 408].includes(head.status), JSON.stringify(head));
      const body = await timed(L(`POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${gateway.key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`));
      assert.ok(body.took >= 1000 && body.took < 4000 * patience && [0, 408].includes(body.status), JSON.stringify(body));
      const idle = await timed(null, requestBytes({ path: '/v1/models', key: gateway.key }));
      assert.ok(idle.took >= 700 && idle.took < 4000 * patience && idle.status === 0, JSON.stringify(idle));
    }));

  test('request: the whole of a request, streaming or not', () =>
    withGateway({ timeouts: { request: '1500ms' } }, async (gateway) => {
      const begun = performance.now();
      assertErrorShape(await gateway.chat({ ...good, model: 'mute' }), { status: 504, code: ['upstream_timeout', 'request_timeout'] });
      const answer = await gateway.chat({ ...good, model: 'endless.g50', stream: true });
      assert.equal(answer.cut, null, 'a body that ends properly');
      assert.match(answer.text, /"error"/);
      assert.doesNotMatch(answer.text, /\[DONE\]/);
      assert.ok(performance.now() - begun < 12_000 * patience);
    }));

  test('first_byte of the provider overrides that of the server', () =>
    withGateway({ timeouts: { first_byte: '30s' } }, async (gateway) => {
      const begun = performance.now();
      assertErrorShape(await gateway.chat({ ...good, model: 'mute' }), { status: 504, code: 'request_timeout' });
      assert.ok(performance.now() - begun < 8000 * patience);
    }, { config: configFor(upstream, { server: { timeouts: { first_byte: '30s', drain: '2s' } }, provider: { timeouts: { first_byte: '600ms' } } }) }));
});

