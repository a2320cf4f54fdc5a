// SIGTERM: what is running finishes, nothing new comes in, everything is recorded.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, patience } from './lib/gateway.mjs';
import { Connection, requestBytes, readChatStream, once, sleep } from './lib/raw.mjs';
import { readRows } from './lib/rows.mjs';
import { rmSync } from 'node:fs';

const upstream = await startUpstream();
after(() => upstream.close());

const start = (drain) => startGateway({ config: configFor(upstream, { server: { timeouts: { drain } } }), keep: true });

async function open(gateway, model, stream = true) {
  const client = await Connection.open(gateway.port);
  await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: { model, stream, messages: [{ role: 'user', content: 'x' }] } }));
  return client;
}

describe('SIGTERM', () => {
  test('streams and whole answers finish, readiness is 503, new connections are not served, exit 0', async () => {
    const gateway = await start('20s');
    const kept = await Connection.open(gateway.port);
    await kept.write(requestBytes({ path: '/health/ready' }));
    assert.equal((await kept.response()).status, 200);
    const streams = await Promise.all(Array.from({ length: 20 }, (_, i) => open(gateway, `stream.n20.g80.t${i}`)));
    const wholes = await Promise.all(Array.from({ length: 5 }, (_, i) => open(gateway, `stream.n15.g80.w${i}`, false)));
    const answers = [...streams, ...wholes].map((client) => client.response());
    await sleep(400);
    gateway.signal('SIGTERM');
    await sleep(150);
    await kept.write(requestBytes({ path: '/health/ready' }));
    const readiness = await kept.response({ timeout: 3000 }).catch(() => null);
    assert.ok(readiness === null || readiness.status === 503, `readiness ${readiness?.status}`);
    const refused = await once(gateway.port, { path: '/v1/models', key: gateway.key }, { timeout: 2000 }).catch((error) => error);
    assert.ok(refused instanceof Error || refused.status === 503, `a new connection was served: ${refused.status}`);
    assert.ok(gateway.running, 'it waits for the streams');
    const finished = await Promise.all(answers);
    for (const [i, answer] of finished.entries()) {
      assert.equal(answer.status, 200);
      assert.equal(answer.cut, null);
      if (i < streams.length) {
        const seen = readChatStream(answer.body);
        assert.equal(seen.dones, 1);
        assert.equal(seen.text.length, 20 * 4);
      }
    }
    const exit = await gateway.waitExit(8000);
    assert.deepEqual(exit, { code: 0, signal: null });
    for (const client of [kept, ...streams, ...wholes]) client.destroy();
    const rows = readRows(gateway.data);
    assert.equal(rows.length, 25);
    assert.ok(rows.every((row) => row.state === 'completed' && row.usage_source === 'reported'));
    rmSync(gateway.folder, { recursive: true });
  });

  test('after the drain time streams end with an error event, and are recorded', async () => {
    const gateway = await start('1s');
    const client = await open(gateway, 'endless.g20');
    const mute = await open(gateway, 'mute', false);
    const answers = [client.response(), mute.response()];
    await sleep(300);
    const begun = performance.now();
    gateway.signal('SIGTERM');
    const [answer, other] = await Promise.all(answers);
    assert.equal(answer.cut, null, 'a body that ends properly');
    const seen = readChatStream(answer.body);
    assert.ok(seen.error, 'an error event');
    assert.equal(seen.dones, 0);
    assert.ok(other === null || other.status === 503 || other.status === 502, `the one without an answer: ${other?.status}`);
    assert.deepEqual(await gateway.waitExit(8000), { code: 0, signal: null });
    assert.ok(performance.now() - begun < 4000 * patience);
    const rows = readRows(gateway.data);
    assert.equal(rows.length, 2);
    for (const row of rows) assert.ok(['failed', 'interrupted'].includes(row.state), row.state);
    assert.ok(rows.find((row) => row.model_asked === 'endless.g20').completion_tokens > 5, 'what was received is charged');
    rmSync(gateway.folder, { recursive: true });
  });

  test('a second SIGTERM ends it at once, with the rows', async () => {
    const gateway = await start('30s');
    const client = await open(gateway, 'endless.g20');
    const answer = client.response().catch(() => null);
    await sleep(300);
    gateway.signal('SIGTERM');
    await sleep(300);
    assert.ok(gateway.running);
    const begun = performance.now();
    gateway.signal('SIGTERM');
    await gateway.waitExit(5000);
    assert.ok(performance.now() - begun < 1500 * patience, `${performance.now() - begun} ms`);
    await answer;
    assert.equal(readRows(gateway.data).length, 1);
    rmSync(gateway.folder, { recursive: true });
  });

  test('SIGINT is the same, and an idle gateway stops at once', async () => {
    const gateway = await start('30s');
    const kept = await Connection.open(gateway.port);
    await kept.write(requestBytes({ path: '/health' }));
    await kept.response();
    const begun = performance.now();
    gateway.signal('SIGINT');
    assert.deepEqual(await gateway.waitExit(8000), { code: 0, signal: null });
    assert.ok(performance.now() - begun < 2000 * patience, 'an idle kept connection held it up');
    kept.destroy();
    rmSync(gateway.folder, { recursive: true });
  });
});
