// What serving means beside the faults: bytes that go upstream and come back, headers, health, metrics,
// models, connections, CORS, TLS, an outbound proxy, and what may be found of a secret afterwards.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { readFileSync, rmSync } from 'node:fs';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, upstreamKey, allFiles, assertErrorShape, temporaryFolder, runCommand } from './lib/gateway.mjs';
import { Connection, requestBytes, readChatStream, once, sleep } from './lib/raw.mjs';
import { makeCertificates } from './lib/certificates.mjs';
import { rowsOf, waitRows, databasePath } from './lib/rows.mjs';
import { pool, quantile } from './lib/measure.mjs';
import { text } from './lib/faults/ordinary.mjs';

let upstream;
let gateway;

before(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({
    config: configFor(upstream, {
      server: { timeouts: { drain: '2s' }, cors: { origins: ['https://app.example'] } },
      provider: { headers: { 'x-from-configuration': 'yes' } },
      models: [
        { name: 'alias', provider: 'local', model: 'ok' },
        { name: 'priced', provider: 'local', model: 'gpt-4o-mini' },
        { name: '*', provider: 'local' },
      ],
    }),
  });
});
after(async () => {
  await gateway?.stop();
  await upstream?.close();
});

const messages = [{ role: 'user', content: 'x' }];
const odd = '{ "messages" : [ {"content":"caf\\u00e9 \\ud83d\\ude00 é\\/", "role":"user"} ],\n\t"temperature":0.70, "seed":123456789012345678901234567890, "model" : "MODEL", "x":{"model":"inner"}, "top_p":1E0 }\r\n';

describe('bytes that go upstream', () => {
  const sent = async (body) => {
    const answer = await gateway.chat(body);
    assert.equal(answer.status, 200, answer.text);
    return upstream.last.body.toString('utf8');
  };
  test('the body byte for byte', async () => {
    const body = odd.replace('MODEL', 'ok.bytes');
    assert.equal(await sent(body), body);
  });
  test('an alias: only the model changes', async () => {
    assert.equal(await sent(odd.replace('MODEL', 'alias')), odd.replace('MODEL', 'ok'));
  });
  test('a model written with escapes', async () => {
    assert.equal(await sent(odd.replace('MODEL', '\\u0061lias')), odd.replace('MODEL', 'ok'));
  });
  test('a stream: include_usage comes in, everything else stays', async () => {
    const body = odd.replace('MODEL', 'ok.bytes2').replace('{ ', '{ "stream":true, ');
    const got = await sent(body);
    assert.equal(JSON.parse(got).stream_options.include_usage, true);
    const without = got.replace(/,?\s*"stream_options"\s*:\s*\{"include_usage":\s*true\}\s*,?/, '');
    assert.equal(without.replace(/[\s,]/g, ''), body.replace(/[\s,]/g, ''));
    for (const piece of ['0.70', '123456789012345678901234567890', 'caf\\u00e9 \\ud83d\\ude00 é\\/', '1E0']) assert.ok(got.includes(piece), piece);
  });
  test('stream_options that say otherwise: include_usage is set, other members stay, the usage is withheld', async () => {
    const body = JSON.stringify({ model: 'ok.bytes3', stream: true, stream_options: { other: [1, 2], include_usage: false }, messages });
    const answer = await gateway.chat(body);
    assert.deepEqual(JSON.parse(upstream.last.body).stream_options, { other: [1, 2], include_usage: true });
    assert.equal(readChatStream(answer.body).usage, null);
  });
  test('stream_options null', async () => {
    const answer = await gateway.chat({ model: 'ok.bytes4', stream: true, stream_options: null, messages });
    assert.equal(answer.status, 200);
    assert.equal(upstream.last.json.stream_options.include_usage, true);
  });
  test('what comes back is the upstream\'s own bytes', async () => {
    const answer = await gateway.chat({ model: 'ok.same', stream: true, stream_options: { include_usage: true }, messages });
    const direct = await once(upstream.port, { method: 'POST', path: '/v1/chat/completions', body: { model: 'ok.same', stream: true, stream_options: { include_usage: true }, messages } });
    const plain = (bytes) => bytes.toString('utf8').replace(/chatcmpl-mock-\d+/g, 'id');
    assert.equal(plain(answer.body), plain(direct.body));
    const whole = await gateway.chat({ model: 'ok.same', messages });
    assert.equal(JSON.parse(whole.body).choices[0].message.content, text);
  });
  test('a large prompt', async () => {
    const body = JSON.stringify({ model: 'ok.large', messages: [{ role: 'user', content: 'é'.repeat(2 << 20) }] });
    assert.equal(await sent(body), body);
  });
});

describe('headers', () => {
  test('upstream: own credentials, own host, identity coding, nothing of the client that is not meant for it', async () => {
    const headers = {
      cookie: 'session=CLIENT-COOKIE',
      'x-forwarded-for': '10.1.2.3',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=10.1.2.3',
      'x-stainless-lang': 'js',
      'accept-encoding': 'gzip, br',
      connection: 'keep-alive, x-hop',
      'x-hop': 'HOP',
      'keep-alive': 'timeout=1',
      te: 'trailers',
      'proxy-authorization': 'Basic CLIENT',
      'x-gaiarouter-anything': 'own',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      tracestate: 'vendor=value',
    };
    const answer = await gateway.chat({ model: 'ok.headers', messages }, { headers });
    assert.equal(answer.status, 200);
    const { headers: got, rawHead } = upstream.last;
    assert.equal(got.authorization, `Bearer ${upstreamKey}`);
    assert.equal(got.host, `127.0.0.1:${upstream.port}`);
    assert.ok(got['accept-encoding'] === undefined || got['accept-encoding'] === 'identity', got['accept-encoding']);
    assert.equal(got['x-from-configuration'], 'yes');
    assert.equal(got['content-type'], 'application/json');
    assert.equal(got.tracestate, 'vendor=value');
    assert.match(got.traceparent, /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-0[01]$/);
    for (const name of ['cookie', 'x-forwarded-for', 'x-forwarded-host', 'forwarded', 'x-stainless-lang', 'x-hop', 'te', 'proxy-authorization', 'x-gaiarouter-anything', 'expect', 'upgrade']) {
      assert.equal(got[name], undefined, `${name} went upstream`);
    }
    assert.ok(!rawHead.includes(gateway.key), 'the client\'s key went upstream');
  });

  test('x-request-id is echoed when it is one, and made otherwise', async () => {
    const id = async (value) => (await gateway.chat({ model: 'ok', messages }, { headers: value === undefined ? {} : { 'x-request-id': value } })).headers['x-request-id'];
    assert.equal(await id('my-id_123'), 'my-id_123');
    for (const value of [undefined, 'a b', 'x'.repeat(129), '<script>', '']) {
      const made = await id(value);
      assert.match(made, /^[A-Za-z0-9_-]{1,128}$/);
      assert.notEqual(made, value);
    }
    assert.notEqual(await id(), await id());
  });

  test('every response has an x-request-id: errors, models, unknown paths', async () => {
    for (const path of ['/v1/models', '/nowhere', '/v1/models/none']) assert.ok((await gateway.call({ path })).headers['x-request-id'], path);
    assert.ok((await gateway.call({ path: '/v1/models', key: '' })).headers['x-request-id']);
  });

  test('a stream says what it is', async () => {
    const answer = await gateway.chat({ model: 'ok', stream: true, messages });
    assert.match(answer.headers['content-type'], /^text\/event-stream/);
    assert.match(answer.headers['cache-control'] ?? '', /no-cache|no-store/);
    assert.equal(answer.headers['x-accel-buffering'], 'no');
    assert.equal(answer.headers['content-encoding'], undefined);
    assert.equal(answer.headers.server === undefined || !/\d/.test(answer.headers.server), true, 'no version in Server');
  });

  test('other ways to give a key: x-api-key and api-key', async () => {
    for (const headers of [{ 'x-api-key': gateway.key }, { 'api-key': gateway.key }]) {
      const answer = await gateway.chat({ model: 'ok', messages }, { key: '', headers });
      assert.equal(answer.status, 200, JSON.stringify(Object.keys(headers)));
    }
  });
});

describe('usage rows', () => {
  test('a priced model costs what the catalogue says, an unknown one is not 0', async () => {
    await gateway.chat({ model: 'priced', messages });
    const [row] = await rowsOf(gateway.data, 'priced');
    assert.equal(row.cost_nanos, 4 * 150 + 3 * 75 + 5 * 600);
    assert.equal(row.model_served, 'gpt-4o-mini');
    assert.equal(row.finish_reason, 'stop');
    assert.equal(row.attempts, 1);
    assert.ok(row.total_us > 0 && row.overhead_us >= 0 && row.overhead_us <= row.total_us, JSON.stringify(row));
    await gateway.chat({ model: 'ok.unpriced', stream: true, messages });
    const [other] = await rowsOf(gateway.data, 'ok.unpriced');
    assert.equal(other.cost_nanos, null);
    assert.ok(other.first_token_us > 0 && other.first_token_us <= other.total_us);
    assert.equal(other.stream, 1);
  });
  test('a refused request that was not admitted leaves no row of usage', async () => {
    await gateway.chat({ model: 'ok.refused', messages }, { key: 'wrong' });
    await gateway.chat({ model: 'ok.refused', messages: 'text' });
    await sleep(300);
    assert.ok((await rowsOf(gateway.data, 'ok.refused', 0)).every((row) => row.usage_source === 'none'));
  });
  test('one row each under load', async () => {
    const n = 400;
    let next = 0;
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        const client = await Connection.open(gateway.port);
        while (next < n) {
          next += 1;
          await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: { model: 'ok.counted', messages, stream: next % 2 === 0 } }));
          assert.equal((await client.response()).status, 200);
        }
        client.destroy();
      }),
    );
    const rows = (await waitRows(gateway.data, (all) => all.filter((row) => row.model_asked === 'ok.counted').length >= next)).filter((row) => row.model_asked === 'ok.counted');
    assert.equal(rows.length, upstream.of('ok.counted').length);
    assert.equal(new Set(rows.map((row) => row.id)).size, rows.length);
    assert.ok(rows.every((row) => row.state === 'completed' && row.completion_tokens === 5));
  });
});

describe('the database is not on the path of a request', () => {
  test('a database that another process holds delays rows and no answer', async () => {
    const db = new DatabaseSync(databasePath(gateway.data));
    db.exec('PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE');
    const times = [];
    try {
      await pool(200, 4, async () => {
        const begun = performance.now();
        assert.equal((await gateway.chat({ model: 'ok.locked', messages }, { timeout: 5000 })).status, 200);
        times.push(performance.now() - begun);
      });
      await sleep(1500);
      assert.equal((await gateway.chat({ model: 'ok.locked', messages }, { timeout: 5000 })).status, 200);
    } finally {
      db.exec('COMMIT');
      db.close();
    }
    console.log(`# locked database: p99 ${quantile(times, 0.99).toFixed(1)} ms`);
    assert.equal((await rowsOf(gateway.data, 'ok.locked', 201, 15_000)).length, 201, 'rows afterwards');
  });
});

describe('addresses of upstreams', () => {
  for (const [name, host, address] of [['IPv6', '::1', '[::1]'], ['a name', '127.0.0.1', 'localhost']]) {
    test(name, async (t) => {
      const other = await startUpstream({ host }).catch((error) => error);
      if (other instanceof Error) return t.skip(`no ${host} here`);
      const own = await startGateway({
        config: configFor(other, { server: { timeouts: { drain: '2s' } }, providers: [{ name: 'local', vendor: 'openai', base_url: `http://${address}:${other.port}/v1`, api_key: upstreamKey }] }),
      });
      assert.equal((await own.chat({ model: 'ok', messages })).status, 200);
      assert.equal(other.last.headers.host, `${address}:${other.port}`);
      await own.stop();
      await other.close();
    });
  }
  test('a name that does not resolve is a 502 within the connect limit', async () => {
    const own = await startGateway({
      config: configFor(upstream, { server: { timeouts: { connect: '2s', drain: '2s' } }, providers: [{ name: 'local', vendor: 'openai', base_url: 'http://no-such-host.invalid/v1', api_key: upstreamKey }] }),
    });
    const answer = await own.chat({ model: 'ok', messages });
    assertErrorShape(answer, { status: [502, 504] });
    assert.ok(!answer.text.includes('no-such-host'), 'the address was shown');
    await own.stop();
  });
});

describe('health, metrics, models, page', () => {
  for (const path of ['/health', '/health/live', '/health/ready', '/healthz', '/livez', '/readyz']) {
    test(`${path}, without a key`, async () => assert.equal((await gateway.call({ path, key: '' })).status, 200));
  }

  test('/metrics: every line parses, families are typed, labels are bounded', async () => {
    const read = async () => {
      const answer = await gateway.call({ path: '/metrics' });
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'], /^text\/plain/);
      return answer.text;
    };
    await gateway.chat({ model: 'ok', messages });
    const page = await read();
    const typed = new Set();
    const series = new Set();
    for (const line of page.split('\n')) {
      if (line === '') continue;
      const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*)( .*)?$/.exec(line);
      if (comment) {
        if (comment[1] === 'TYPE') {
          assert.match(comment[3], /^ (counter|gauge|histogram|summary|untyped)$/);
          assert.ok(!typed.has(comment[2]), `${comment[2]} typed twice`);
          typed.add(comment[2]);
        }
        continue;
      }
      const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (NaN|[+-]?Inf|[+-]?[0-9.]+(?:[eE][+-]?\d+)?)( -?\d+)?$/.exec(line);
      assert.ok(sample, `line ${JSON.stringify(line)}`);
      const family = sample[1].replace(/_(bucket|sum|count)$/, '');
      assert.ok(typed.has(sample[1]) || typed.has(family), `${sample[1]} has no TYPE`);
      assert.ok(!series.has(sample[1] + sample[2]), `series twice: ${line}`);
      series.add(sample[1] + sample[2]);
    }
    assert.ok(typed.size >= 10, `${typed.size} families`);
    for (const word of [/request/, /token/, /cost/, /duration|seconds/, /first_token|time_to_first/, /overhead/, /active|in_flight/, /ledger|writer/, /process_/]) {
      assert.ok([...typed].some((name) => word.test(name)), `a family like ${word} in ${[...typed]}`);
    }
    await pool(800, 8, (i) => gateway.chat({ model: `ok.metric${i}`, messages }));
    const models = new Set((await read()).match(/\bmodel="[^"]*"/g));
    assert.ok(models.size <= 510, `${models.size} values of the label model after 800 names`);
    assert.ok(!page.includes(gateway.key) && !page.includes(upstreamKey));
    const promtool = await import('node:child_process').then(({ spawnSync }) => spawnSync('promtool', ['check', 'metrics'], { input: page }));
    if (!promtool.error) assert.equal(promtool.status, 0, `${promtool.stdout}${promtool.stderr}`);
  });

  test('/v1/models and /v1/models/{id}', async () => {
    const list = JSON.parse((await gateway.call({ path: '/v1/models' })).text);
    assert.equal(list.object, 'list');
    const ids = list.data.map((model) => model.id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.includes('alias') && ids.includes('echo/echo-1'), ids.join(' ').slice(0, 500));
    assert.ok(!ids.includes('*'), 'a pattern is no model');
    for (const path of ['/v1/models/alias', '/v1/models/echo/echo-1', '/v1/models/echo%2Fecho-1']) {
      const answer = await gateway.call({ path });
      assert.equal(answer.status, 200, path);
      assert.equal(JSON.parse(answer.text).object, 'model');
    }
    assertErrorShape(await gateway.call({ path: '/v1/models', key: '' }), { status: 401, code: 'invalid_api_key' });
  });

  test('a page at /', async () => {
    const answer = await gateway.call({ path: '/', key: '' });
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^text\/html/);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });
});

describe('connections', () => {
  test('keep-alive, whole answers and streams on one connection', async () => {
    const client = await Connection.open(gateway.port);
    for (let i = 0; i < 10; i += 1) {
      await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: { model: 'ok', stream: i % 2 === 0, messages } }));
      const answer = await client.response();
      assert.equal(answer.status, 200);
      assert.equal(answer.cut, null);
    }
    assert.equal(client.ended, false);
    client.destroy();
  });
  test('pipelining keeps the order', async () => {
    const client = await Connection.open(gateway.port);
    const ask = (content) => requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: { model: 'nonce.w20', messages: [{ role: 'user', content }] } });
    await client.write(Buffer.concat(Array.from({ length: 8 }, (_, i) => ask(`p${i}`))));
    for (let i = 0; i < 8; i += 1) assert.equal(JSON.parse((await client.response()).body).choices[0].message.content, `p${i}`);
    client.destroy();
  });
  test('Connection: close and HTTP/1.0', async () => {
    for (const [version, headers] of [['HTTP/1.1', { connection: 'close' }], ['HTTP/1.0', {}]]) {
      const client = await Connection.open(gateway.port);
      await client.write(requestBytes({ version, path: '/v1/models', key: gateway.key, headers }));
      assert.equal((await client.response()).status, 200);
      assert.ok(await client.untilClosed(3000), `${version} stays open`);
      client.destroy();
    }
  });
  test('a stream to HTTP/1.0 has no chunks', async () => {
    const client = await Connection.open(gateway.port);
    await client.write(requestBytes({ version: 'HTTP/1.0', method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: { model: 'ok', stream: true, messages } }));
    const answer = await client.response();
    assert.equal(answer.headers['transfer-encoding'], undefined);
    assert.equal(readChatStream(answer.body).text, text);
    client.destroy();
  });
  test('HEAD has the head of GET and no body', async () => {
    for (const path of ['/v1/models', '/health', '/']) {
      const got = await gateway.call({ path });
      const head = await gateway.call({ method: 'HEAD', path });
      assert.equal(head.status, got.status);
      assert.equal(head.body.length, 0);
      assert.equal(head.headers['content-type'], got.headers['content-type']);
    }
  });
  test('a request in chunks', async () => {
    const body = JSON.stringify({ model: 'ok.chunks', messages });
    const chunks = [...body].map((letter) => `${Buffer.byteLength(letter).toString(16)}\r\n${letter}\r\n`).join('');
    const answer = await gateway.chat(`${chunks}0\r\n\r\n`, { headers: { 'content-length': undefined, 'transfer-encoding': 'chunked' } });
    assert.equal(answer.status, 200);
    assert.equal(upstream.last.body.toString(), body);
  });
  test('upstream connections are kept and used again; a stale one is retried', async () => {
    const ask = () => gateway.chat({ model: 'ok.pool', messages });
    const connections = upstream.stats.connections;
    for (let i = 0; i < 30; i += 1) assert.equal((await ask()).status, 200);
    assert.ok(upstream.stats.connections - connections <= 4, `${upstream.stats.connections - connections} connections for 30 requests`);
    for (const socket of upstream.sockets) socket.destroy();
    for (let i = 0; i < 6; i += 1) assert.equal((await ask()).status, 200, 'a stale pooled connection');
  });
});

describe('CORS', () => {
  const preflight = (origin) =>
    gateway.call({ method: 'OPTIONS', path: '/v1/chat/completions', key: '', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, content-type' } });
  test('an origin of the list', async () => {
    const answer = await preflight('https://app.example');
    assert.ok([200, 204].includes(answer.status));
    assert.equal(answer.headers['access-control-allow-origin'], 'https://app.example');
    assert.match(answer.headers['access-control-allow-methods'], /POST/);
    assert.match(answer.headers['access-control-allow-headers'].toLowerCase(), /authorization/);
    const real = await gateway.chat({ model: 'ok', messages }, { headers: { origin: 'https://app.example' } });
    assert.equal(real.headers['access-control-allow-origin'], 'https://app.example');
    assert.match(real.headers.vary ?? '', /origin/i);
  });
  for (const origin of ['https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example']) {
    test(`not ${origin}`, async () => {
      assert.equal((await preflight(origin)).headers['access-control-allow-origin'], undefined);
      const real = await gateway.chat({ model: 'ok', messages }, { headers: { origin } });
      assert.equal(real.headers['access-control-allow-origin'], undefined);
    });
  }
});

describe('TLS and proxies', () => {
  const folder = temporaryFolder('gaia-cert');
  const certificates = makeCertificates(folder);
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('an HTTPS listener', async () => {
    const secure = { ca: certificates.authority };
    const config = configFor(upstream, { server: { tls: { certificate: certificates.good.certFile, key: certificates.good.keyFile }, timeouts: { drain: '2s', tls_handshake: '1s' } } });
    const own = await startGateway({ config, secure });
    assert.equal(own.scheme, 'https');
    const call = (body) => own.chat(body, { secure });
    assert.equal((await call({ model: 'ok', messages })).status, 200);
    const stream = await call({ model: 'ok', stream: true, messages });
    assert.equal(readChatStream(stream.body).text, text);
    const plain = await once(own.port, { path: '/health' }, { timeout: 4000 }).catch((error) => error);
    assert.ok(plain instanceof Error || plain.status === 400, 'plain HTTP on the TLS port');
    const mute = await Connection.open(own.port);
    assert.ok(await mute.untilClosed(6000), 'a handshake that never comes');
    mute.destroy();
    await assert.rejects(Connection.open(own.port, { secure: { ...secure, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } }), 'TLS 1.1');
    await own.stop();
  });

  test('HTTPS_PROXY: CONNECT, verified end to end, and no key to the proxy', async () => {
    const secured = await startUpstream({ tls: certificates.named });
    const seen = [];
    const sockets = new Set();
    const proxy = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', (data) => {
        seen.push(data.toString('latin1'));
        const port = Number(/^CONNECT [^:]+:(\d+) HTTP\/1\.1/.exec(data.toString('latin1'))?.[1]);
        if (!port) return socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        const onward = net.connect(port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          socket.pipe(onward).pipe(socket);
        });
        sockets.add(onward);
        onward.on('error', () => socket.destroy());
      });
    });
    await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
    // The name resolves nowhere: only the proxy can reach it.
    const config = configFor(secured, {
      server: { timeouts: { drain: '2s' } },
      providers: [
        { name: 'far', vendor: 'openai', base_url: `https://upstream.test:${secured.port}/v1`, api_key: upstreamKey },
        { name: 'near', vendor: 'openai', base_url: secured.url, api_key: upstreamKey },
      ],
      models: [{ name: 'near', provider: 'near', model: 'ok' }, { name: '*', provider: 'far' }],
    });
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, SSL_CERT_FILE: certificates.authorityFile };
    const own = await startGateway({ config, env });
    const answer = await own.chat({ model: 'ok', messages });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(readChatStream((await own.chat({ model: 'ok', stream: true, messages })).body).text, text);
    assert.equal(secured.last.headers.host, `upstream.test:${secured.port}`);
    assert.match(seen[0], new RegExp(`^CONNECT upstream\\.test:${secured.port} HTTP/1\\.1\r\n`));
    assert.ok(seen.every((head) => !head.includes(upstreamKey) && !head.includes(own.key)));
    const before = seen.length;
    assert.equal((await own.chat({ model: 'near', messages })).status, 200);
    assert.equal(seen.length, before, 'a loopback address through the proxy');
    await own.stop();
    const direct = await startGateway({ config, env: { ...env, NO_PROXY: 'other.test, upstream.test' } });
    assertErrorShape(await direct.chat({ model: 'ok', messages }), { status: [502, 504] });
    assert.equal(seen.length, before, 'NO_PROXY');
    await direct.stop({ check: false });
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => proxy.close(done));
    await secured.close();
  });

  test('a proxy that refuses is a 502', async () => {
    const proxy = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'));
    });
    await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
    const own = await startGateway({
      config: configFor(upstream, { providers: [{ name: 'local', vendor: 'openai', base_url: 'https://127.0.0.1:9/v1', api_key: 'k', proxy: `http://127.0.0.1:${proxy.address().port}` }] }),
    });
    assertErrorShape(await own.chat({ model: 'ok', messages }), { status: 502, code: 'bad_gateway' });
    await own.stop();
    await new Promise((done) => proxy.close(done));
  });
});

describe('secrets', () => {
  test('prompts, answers and keys are in no log and no file', async () => {
    const prompt = 'CANARY-PROMPT-7f3a91';
    const reply = 'CANARY-REPLY-c0ffee42';
    const own = await startGateway({
      config: configFor(upstream, { server: { timeouts: { drain: '2s' } }, logging: { level: 'debug', format: 'json' } }),
      env: { GAIAROUTER_ADMIN_PASSWORD: 'CANARY-password-1234567' },
      keep: true,
    });
    const made = await runCommand(['keys', 'create', '--data', own.data, '--name', 'canary']);
    const clientKey = /sk-gr-[0-9A-Za-z]{38}/.exec(made.output)[0];
    await sleep(200);
    const content = [{ role: 'system', content: prompt }, { role: 'user', content: reply }]; // nonce answers with the last one
    for (const model of ['nonce', 'fault-401-echoes-key', 'fault-500', 'fault-400', 'fault-invalid-json', 'fault-not-http', 'fault-502-html', 'no model at all']) {
      for (const stream of [false, true]) await own.chat({ model, stream, messages: content }, { key: clientKey, headers: { cookie: 'CANARY-COOKIE', 'x-request-id': 'canary-id' } });
    }
    await own.chat(`{"model":"${prompt}`, { key: clientKey });
    await own.call({ path: `/v1/models?key=${clientKey}&q=${prompt}`, key: clientKey });
    await sleep(300);
    await own.stop({ keep: true });
    const secrets = [prompt, reply, clientKey, own.key, upstreamKey, 'CANARY-password-1234567', 'CANARY-COOKIE', 'UPSTREAM-PRIVATE-MARKER'];
    const forms = (secret) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)];
    for (const secret of secrets) {
      for (const form of forms(secret)) assert.ok(!own.output.includes(form), `in the log: ${secret.slice(0, 14)}…`);
      for (const file of allFiles(own.folder).filter((name) => !name.endsWith('gaiarouter.yaml'))) {
        assert.ok(!readFileSync(file).includes(secret), `in ${file.slice(own.folder.length)}: ${secret.slice(0, 14)}…`);
      }
    }
    for (const line of own.stdout.split('\n').filter((one) => one.startsWith('{'))) JSON.parse(line);
    rmSync(own.folder, { recursive: true });
  });

  test('one log line for each request, as JSON, with its ids, tokens and times', async () => {
    const own = await startGateway({ config: configFor(upstream, { server: { timeouts: { drain: '2s' } }, logging: { level: 'info', format: 'json' } }), keep: true });
    const answer = await own.chat({ model: 'ok.logged', messages }, { headers: { 'x-request-id': 'log-line-test-1' } });
    assert.equal(answer.status, 200);
    await own.stop({ keep: true });
    const lines = own.output.split('\n').filter((line) => line.includes('log-line-test-1'));
    assert.equal(lines.length, 1, lines.join('\n'));
    const line = JSON.parse(lines[0]);
    const all = JSON.stringify(line);
    for (const word of ['ok.logged', 'local', '200', '7', '5']) assert.ok(all.includes(word), `${word} in ${all}`);
    rmSync(own.folder, { recursive: true });
  });
});
