// SIGHUP: a new configuration without dropping a stream; an invalid one changes nothing and says why.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, patience } from './lib/gateway.mjs';
import { Connection, requestBytes, readChatStream, sleep } from './lib/raw.mjs';

const upstream = await startUpstream();
const other = await startUpstream();
after(async () => {
  await upstream.close();
  await other.close();
});
const messages = [{ role: 'user', content: 'x' }];

async function eventually(what, check, timeout = 5000 * patience) {
  const until = performance.now() + timeout;
  for (;;) {
    if (await check()) return;
    if (performance.now() > until) assert.fail(`not in time: ${what}`);
    await sleep(30);
  }
}

describe('SIGHUP', () => {
  test('models and providers change, and streams go on', async () => {
    const configuration = (to, models) => configFor(to, { server: { timeouts: { drain: '2s' } }, models });
    const gateway = await startGateway({ config: configuration(upstream, [{ name: 'before', provider: 'local', model: 'ok' }, { name: 'stream.*', provider: 'local' }]) });
    assert.equal((await gateway.chat({ model: 'after', messages })).status, 404);
    const client = await Connection.open(gateway.port);
    await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key: gateway.key, body: { model: 'stream.n30.g50', stream: true, messages } }));
    const answer = client.response();
    await sleep(200);
    writeFileSync(gateway.file, JSON.stringify(configuration(other, [{ name: 'after', provider: 'local', model: 'ok' }])));
    gateway.signal('SIGHUP');
    await eventually('the new model', async () => (await gateway.chat({ model: 'after', messages })).status === 200);
    assert.equal(other.last.model, 'ok', 'the new provider');
    assert.equal((await gateway.chat({ model: 'before', messages })).status, 404);
    const finished = await answer;
    assert.equal(finished.cut, null);
    assert.equal(readChatStream(finished.body).dones, 1, 'the stream was dropped');
    client.destroy();
    await gateway.stop();
  });

  test('an invalid file is refused with its place, and the old configuration stays', async () => {
    const gateway = await startGateway({ config: configFor(upstream) });
    writeFileSync(gateway.file, 'server:\n  listen: 127.0.0.1:0\n  thraeds: 2\n');
    gateway.signal('SIGHUP');
    await eventually('the reason in the log', () => /gaiarouter\.yaml:3/.test(gateway.output) && /threads/.test(gateway.output));
    await gateway.assertHealthy();
    assert.ok(gateway.running);
    writeFileSync(gateway.file, JSON.stringify(configFor(upstream, { models: [{ name: 'repaired', provider: 'local', model: 'ok' }] })));
    gateway.signal('SIGHUP');
    await eventually('the repaired file', async () => (await gateway.chat({ model: 'repaired', messages })).status === 200);
    await gateway.stop();
  });

  test('many reloads under load', async () => {
    const gateway = await startGateway({ config: configFor(upstream) });
    let stopped = false;
    let n = 0;
    const workers = Array.from({ length: 6 }, async () => {
      while (!stopped) {
        const answer = await gateway.chat({ model: 'stream.n3.g5', stream: true, messages });
        assert.equal(answer.status, 200);
        assert.equal(readChatStream(answer.body).dones, 1);
        n += 1;
      }
    });
    for (let i = 0; i < 30; i += 1) {
      gateway.signal('SIGHUP');
      await sleep(40);
    }
    stopped = true;
    await Promise.all(workers);
    console.log(`# ${n} streams during 30 reloads`);
    await gateway.stop();
  });
});
