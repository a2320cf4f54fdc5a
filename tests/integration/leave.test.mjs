// Clients that leave and clients that are slow. Numbers are a part of the full ones;
// GAIAROUTER_SCALE makes them bigger.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, scaled, patience, memorySlack } from './lib/gateway.mjs';
import { Connection, requestBytes, readChatStream, sleep } from './lib/raw.mjs';
import { rowsOf, waitRows } from './lib/rows.mjs';
import { text } from './lib/faults/ordinary.mjs';
import { quantile, pool } from './lib/measure.mjs';

let upstream;
let gateway;

before(async () => {
  upstream = await startUpstream({ keep: 1e6 });
  const timeouts = { heartbeat: '500ms', write: '2s', stream_idle: '20s', first_byte: '20s', request_body: '5s', drain: '2s' };
  gateway = await startGateway({ config: configFor(upstream, { server: { timeouts } }) });
  await gateway.assertHealthy();
});
after(async () => {
  await gateway?.stop();
  await upstream?.close();
});

const bodyOf = (model, stream = true, content = 'tell me') => ({ model, stream, messages: [{ role: 'user', content }] });
const chatBytes = (body) => requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body });
const openFiles = () => readdirSync(`/proc/${gateway.child.pid}/fd`).length;

// Reads events until `n` of them came.
async function readEvents(client, n) {
  const head = await client.head();
  assert.equal(head.status, 200);
  let bytes = Buffer.alloc(0);
  for await (const piece of client.body(head)) {
    bytes = Buffer.concat([bytes, piece]);
    if (readChatStream(bytes).events.length >= n) return;
  }
  throw new Error('the stream ended early');
}

// One client that leaves; returns how long the upstream was kept afterwards.
async function leaveOnce(model, { stream, events, byFin, wait }) {
  const client = await Connection.open(gateway.port);
  await client.write(chatBytes(bodyOf(model, stream)));
  if (events) await readEvents(client, events);
  if (wait) await sleep(wait);
  for (let i = 0; i < 200 && upstream.of(model).length === 0; i += 1) await sleep(10);
  const [exchange] = upstream.of(model);
  assert.ok(exchange, 'the request reached the upstream');
  const left = performance.now();
  if (byFin) client.end();
  else client.rst();
  for (let i = 0; i < 400 * patience && exchange.state === 'open'; i += 1) await sleep(10);
  client.destroy();
  assert.equal(exchange.state, 'aborted', 'the upstream is still being read');
  return { exchange, took: exchange.abortedAt - left };
}

async function leaveMany(name, count, options) {
  const files = openFiles();
  const memory = gateway.memory();
  const results = await pool(count, 40, async (i) => {
    const model = `${name}.${options.stream ? 's' : 'w'}id${i}`;
    return { model, ...(await leaveOnce(model, { byFin: i % 2 === 0, ...options })) };
  });
  const times = results.map((one) => one.took);
  console.log(`# ${name}: upstream closed after p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`);
  assert.ok(Math.max(...times) <= 1000 * patience, `an upstream was kept for ${Math.max(...times)} ms`);
  const names = new Set(results.map((one) => one.model));
  const rows = (await waitRows(gateway.data, (all) => all.filter((row) => names.has(row.model_asked)).length >= count)).filter((row) => names.has(row.model_asked));
  assert.equal(rows.length, count, 'one row for each');
  const byModel = new Map(results.map((one) => [one.model, one.exchange]));
  for (const row of rows) {
    assert.equal(row.state, 'client_left', row.model_asked);
    assert.ok(row.prompt_tokens > 0, 'input tokens');
    const received = options.events ? byModel.get(row.model_asked).events : 0;
    assert.ok(Math.abs((row.completion_tokens ?? 0) - received) <= 2, `${row.completion_tokens} tokens of ${received} events`);
  }
  for (let i = 0; i < 50 && openFiles() > files + 2; i += 1) await sleep(100);
  assert.ok(openFiles() <= files + 2, `${openFiles()} files open, ${files} before`);
  assert.ok(gateway.memory() <= memory + (32 << 20) * memorySlack, 'memory afterwards');
}

describe('clients that leave', () => {
  test('R-01 an endless stream, after 3 events', () => leaveMany('endless.g10.r1', scaled(300), { stream: true, events: 3 }));
  test('R-02 during a silence after 2 events', () => leaveMany('silence.n2.r2', scaled(200), { stream: true, events: 3, wait: 50 }));
  test('R-03 before the head, streaming', () => leaveMany('mute.r3s', scaled(100), { stream: true, wait: 50 }));
  test('R-03 before the head, whole', () => leaveMany('mute.r3w', scaled(100), { stream: false, wait: 50 }));
  test('R-03 inside its own body: nothing goes upstream and nothing is recorded', async () => {
    const model = 'ok.half-sent';
    const bytes = chatBytes(bodyOf(model));
    await pool(20, 10, async (i) => {
      const client = await Connection.open(gateway.port);
      await client.write(bytes.subarray(0, bytes.length - 5));
      await sleep(30);
      if (i % 2) client.rst();
      else client.destroy();
    });
    await sleep(300);
    assert.equal(upstream.of(model).length, 0);
    assert.equal((await rowsOf(gateway.data, model, 0)).length, 0);
  });

  test('R-04 nobody gets the answer of another', async () => {
    let left = 0;
    let wrong = 0;
    let n = 0;
    const total = scaled(1500);
    const worker = async () => {
      let client = await Connection.open(gateway.port);
      while (n < total) {
        const own = `nonce-${(n += 1)}-${Math.random().toString(36).slice(2)}`;
        const stream = n % 2 === 0;
        if (client.ended) client = await Connection.open(gateway.port);
        await client.write(chatBytes(bodyOf(stream ? 'nonce.w20.s' : 'nonce.w20', stream, own)));
        if (Math.random() < 0.3) {
          await sleep(Math.random() * 60);
          if (Math.random() < 0.5) client.rst();
          else client.destroy();
          left += 1;
          client = await Connection.open(gateway.port);
          continue;
        }
        const answer = await client.response();
        assert.ok(answer && answer.status === 200 && !answer.cut, `answer ${answer?.status} ${answer?.body}`);
        const got = stream ? readChatStream(answer.body).text : JSON.parse(answer.body).choices[0].message.content;
        if (got !== own) wrong += 1;
      }
      client.destroy();
    };
    await Promise.all(Array.from({ length: 40 }, worker));
    console.log(`# R-04: ${n} requests, ${left} left, ${upstream.stats.connections} upstream connections`);
    assert.equal(wrong, 0, 'answers with the nonce of another');
  });
});

describe('slow clients', () => {
  // A client that asks for a big stream and reads nothing.
  async function deafClient(model) {
    const client = await Connection.open(gateway.port);
    client.socket.pause();
    await client.write(chatBytes(bodyOf(model)));
    return client;
  }

  test('R-05 a client that reads nothing of 256 MiB', async () => {
    const memory = gateway.memory();
    const client = await deafClient('big.m256.r5');
    await sleep(1500);
    const [exchange] = upstream.of('big.m256.r5');
    const grown = gateway.memory() - memory;
    console.log(`# R-05: ${(exchange.bytes / (1 << 20)).toFixed(1)} MiB taken from the upstream, memory + ${(grown / 1024).toFixed(0)} KiB`);
    // Includes what the kernel's socket buffers hold on both ways.
    assert.ok(exchange.bytes <= 16 << 20, `${exchange.bytes} bytes taken`);
    assert.ok(grown <= (4 << 20) * memorySlack, `memory + ${grown}`);
    for (let i = 0; i < 100 * patience && exchange.state === 'open'; i += 1) await sleep(100);
    assert.equal(exchange.state, 'aborted', 'closed after the write limit without progress');
    const [row] = await rowsOf(gateway.data, 'big.m256.r5');
    assert.ok(['client_left', 'failed'].includes(row?.state), row?.state);
    client.destroy();
  });

  test('R-06 many such clients, and the delay of other streams', async () => {
    const count = scaled(60);
    const memory = gateway.memory();
    const deaf = await Promise.all(Array.from({ length: count }, (_, i) => deafClient(`big.m256.r6x${i}`)));
    await sleep(500);
    const delays = await clockStream('clock.n30.g30');
    const grown = (gateway.memory() - memory) / count / 1024;
    console.log(`# R-06: ${grown.toFixed(0)} KiB each, delay of another stream p50 ${quantile(delays, 0.5).toFixed(2)} ms, p99 ${quantile(delays, 0.99).toFixed(2)} ms`);
    assert.ok(grown <= 512 * memorySlack, `${grown} KiB for each client`);
    assert.ok(quantile(delays, 0.5) <= 100 * patience, 'others are held up');
    for (const client of deaf) client.destroy();
  });

  // Milliseconds between the writing of an event and its arrival.
  async function clockStream(model) {
    const client = await Connection.open(gateway.port);
    await client.write(chatBytes(bodyOf(model)));
    const head = await client.head();
    const delays = [];
    let rest = '';
    for await (const piece of client.body(head)) {
      const now = performance.now();
      rest += piece.toString('latin1');
      const parts = rest.split('\n\n');
      rest = parts.pop();
      for (const part of parts) {
        const match = /"content":"(\d+\.\d+) "/.exec(part);
        if (match) delays.push(now - Number(match[1]));
      }
    }
    client.destroy();
    return delays;
  }

  test('R-07 a slow reader gets all bytes in order', async () => {
    const n = 40_000;
    const client = await Connection.open(gateway.port);
    await client.write(chatBytes(bodyOf(`numbered.n${n}.r7`)));
    const head = await client.head();
    const pieces = [];
    client.socket.pause();
    const reading = (async () => {
      for await (const piece of client.body(head, { timeout: 30_000 * patience })) pieces.push(piece);
    })();
    // One piece at a time, about 3 MiB/s: the gateway must wait for this reader again and again.
    const ticking = setInterval(() => client.socket.resume(), 20);
    client.socket.on('data', () => client.socket.pause());
    await reading;
    clearInterval(ticking);
    const seen = readChatStream(Buffer.concat(pieces));
    assert.equal(seen.text, Array.from({ length: n }, (_, i) => `${i},`).join(''));
    assert.equal(seen.dones, 1);
    client.destroy();
  });

  test('R-08 the delay of events in many streams', async () => {
    const count = scaled(100);
    const all = (await Promise.all(Array.from({ length: count }, (_, i) => clockStream(`clock.n60.g50.r8x${i}`)))).flat();
    console.log(`# R-08: ${count} streams of 20 events/s: added delay p50 ${quantile(all, 0.5).toFixed(2)} ms, p99 ${quantile(all, 0.99).toFixed(2)} ms (this process is both ends)`);
    assert.equal(all.length, count * 60, 'every event came');
    assert.ok(quantile(all, 0.5) <= 50 * patience, 'events are held back');
  });

  test('R-09 heartbeats in a silence, and none inside an event', async () => {
    const answer = await gateway.chat(bodyOf('pause.t2750.r9'));
    const seen = readChatStream(answer.body);
    assert.equal(seen.text, text);
    assert.equal(seen.dones, 1);
    assert.equal(seen.badJson, 0);
    assert.ok(seen.comments.length >= 4 && seen.comments.length <= 6, `${seen.comments.length} comments in 2.75 s at 500 ms`);
    const quick = await gateway.chat(bodyOf('ok.r9'));
    assert.equal(readChatStream(quick.body).comments.length, 0, 'a comment without a silence');
  });

  test('R-10 no second attempt once a byte went to the client', async () => {
    const names = ['fault-reset-mid-chunk', 'fault-truncated-stream', 'fault-error-event'];
    await pool(30, 10, (i) => gateway.chat(bodyOf(`${names[i % 3]}.r10x${i}`)));
    for (let i = 0; i < 30; i += 1) assert.equal(upstream.of(`${names[i % 3]}.r10x${i}`).length, 1);
  });

  test('a good request afterwards', () => gateway.assertHealthy());
});
