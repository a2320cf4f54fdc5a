// The first start and the ones after it: what is printed, what is made, what is refused.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, temporaryFolder, configFor, makeKey, upstreamKey, allFiles } from './lib/gateway.mjs';
import { readChatStream } from './lib/raw.mjs';
import { rowsOf } from './lib/rows.mjs';
import { text } from './lib/faults/ordinary.mjs';

const run = promisify(execFile);
const upstream = await startUpstream();
after(() => upstream.close());
const messages = [{ role: 'user', content: 'hello there' }];


describe('first start', () => {
  test('with nothing at all: login, key and a curl that works, once', async () => {
    const folder = temporaryFolder();
    const first = await startGateway({ folder, key: null, keep: true });
    const printed = first.stdout + first.stderr;
    const key = /sk-gr-[0-9A-Za-z]{38}/.exec(printed)?.[0];
    assert.ok(key, `a key in\n${printed}`);
    assert.match(printed, /admin/);
    const password = /Password\s+(\S+)/i.exec(printed)?.[1];
    assert.ok(password && password.length >= 12, 'a password');
    assert.ok(printed.includes(`127.0.0.1:${first.port}`), 'the address');
    assert.equal(statSync(first.data).mode & 0o777, 0o700, 'mode of the data folder');

    const command = /curl [\s\S]*?'\n/.exec(printed)?.[0];
    assert.ok(command, 'a curl');
    assert.ok(command.includes(key));
    const { stdout } = await run('bash', ['-c', command], { encoding: 'buffer' });
    const seen = readChatStream(stdout);
    assert.equal(seen.dones, 1);
    assert.ok(seen.text.length > 0);
    const rows = await rowsOf(first.data, 'echo/echo-1');
    assert.equal(rows.length, 1, 'a usage row of the pasted curl');
    await first.stop();

    for (const file of allFiles(first.data)) {
      const bytes = readFileSync(file);
      assert.ok(!bytes.includes(key), `the key is in ${path.basename(file)}`);
      assert.ok(!bytes.includes(password), `the password is in ${path.basename(file)}`);
    }
    const second = await startGateway({ folder, key: null });
    second.key = key;
    const again = second.stdout + second.stderr;
    assert.ok(!again.includes(key) && !again.includes(password) && !/sk-gr-/.test(again), 'the second start prints secrets');
    assert.doesNotMatch(again, /curl /);
    await second.assertHealthy('echo/echo-1');
    await second.stop();
  });

  test('GAIAROUTER_ADMIN_KEY and GAIAROUTER_ADMIN_PASSWORD preset them, and are not printed or stored', async () => {
    const key = makeKey();
    const password = 'correct horse battery staple CANARY';
    const gateway = await startGateway({ key, env: { GAIAROUTER_ADMIN_PASSWORD: password } });
    await gateway.assertHealthy('echo/echo-1');
    assert.ok(!gateway.output.includes(key) && !gateway.output.includes(password), 'printed');
    assert.doesNotMatch(gateway.output, /sk-gr-/, 'a key although one was preset');
    for (const file of allFiles(gateway.data)) {
      const bytes = readFileSync(file);
      assert.ok(!bytes.includes(key) && !bytes.includes(password), `stored in ${path.basename(file)}`);
    }
    await gateway.stop();
  });

  test('a preset key under 32 characters is refused', async () => {
    const gateway = await startGateway({ key: 'too-short-a-key', expectExit: true });
    assert.notEqual(gateway.exit.code, 0);
    assert.match(gateway.output, /GAIAROUTER_ADMIN_KEY/);
    assert.ok(!gateway.output.includes('too-short-a-key'), 'the key is in the message');
    rmSync(gateway.folder, { recursive: true });
  });

  test('a second process on the same data folder is refused, and the first one goes on', async () => {
    const first = await startGateway({ config: configFor(upstream) });
    const second = await startGateway({ folder: first.folder, config: configFor(upstream), key: first.key, expectExit: true });
    assert.notEqual(second.exit.code, 0);
    assert.match(second.output, /data|lock|already|in use/i);
    await first.assertHealthy();
    await first.stop();
  });

  test('a port in use: one plain sentence', async () => {
    const gateway = await startGateway({ config: configFor(upstream, { server: { listen: `127.0.0.1:${upstream.port}` } }), expectExit: true });
    assert.notEqual(gateway.exit.code, 0);
    assert.match(gateway.output, new RegExp(`127\\.0\\.0\\.1:${upstream.port}`));
    rmSync(gateway.folder, { recursive: true });
  });

  test('a public address without TLS: a warning and no refusal', async () => {
    const gateway = await startGateway({ config: configFor(upstream, { server: { listen: '0.0.0.0:0' } }) });
    assert.match(gateway.output, /warn/i);
    await gateway.assertHealthy();
    await gateway.stop();
  });
});

describe('where providers come from', () => {
  test('the environment alone: OPENAI_API_KEY and OPENAI_BASE_URL', async () => {
    const gateway = await startGateway({ env: { OPENAI_API_KEY: upstreamKey, OPENAI_BASE_URL: upstream.url } });
    const ask = async (model) => {
      const answer = await gateway.chat({ model, messages });
      assert.equal(answer.status, 200, `${model}: ${answer.text}`);
      assert.equal(JSON.parse(answer.text).choices[0].message.content, text);
      return upstream.last;
    };
    const plain = await ask('gpt-4o-mini');
    assert.equal(plain.model, 'gpt-4o-mini');
    assert.equal(plain.headers.authorization, `Bearer ${upstreamKey}`);
    assert.equal(plain.target, '/v1/chat/completions');
    assert.equal((await ask('openai/some-new-model')).model, 'some-new-model');
    assert.equal((await gateway.chat({ model: 'nobody-knows-it', messages })).status, 404);
    const [row] = await rowsOf(gateway.data, 'gpt-4o-mini');
    // 4 fresh and 3 cached prompt tokens, 5 completion tokens: 0.15, 0.075 and 0.60 USD per million.
    assert.equal(row.cost_nanos, 4 * 150 + 3 * 75 + 5 * 600);
    const [unpriced] = await rowsOf(gateway.data, 'openai/some-new-model');
    assert.equal(unpriced.cost_nanos, null, 'an unknown price is not 0');
    assert.equal(unpriced.model_served, 'some-new-model');
    await gateway.stop();
  });

  test('the file: ${VAR}, ${VAR:-default} and file:', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'key.txt'), `${upstreamKey}\n`);
    const yaml = `
server: {listen: "\${LISTEN_HOST:-127.0.0.1}:0", threads: 1}
providers:
  - {name: one, vendor: openai, base_url: "\${TEST_BASE_URL}", api_key: "file:${path.join(folder, 'key.txt')}"}
  - {name: two, vendor: openai, base_url: "\${TEST_BASE_URL}", api_key: "\${ABSENT_KEY:-none}"}
models:
  - {name: fast, provider: one, model: gpt-4o-mini}   # an alias
  - {name: "*", provider: two}                        # everything else, by pattern
`;
    const gateway = await startGateway({ folder, config: yaml, env: { TEST_BASE_URL: upstream.url } });
    assert.equal((await gateway.chat({ model: 'fast', messages })).status, 200);
    assert.equal(upstream.last.model, 'gpt-4o-mini');
    assert.equal(upstream.last.headers.authorization, `Bearer ${upstreamKey}`);
    assert.equal((await gateway.chat({ model: 'anything', messages })).status, 200);
    assert.equal(upstream.last.model, 'anything');
    assert.ok([undefined, 'Bearer none'].includes(upstream.last.headers.authorization));
    await gateway.stop();
  });

  test('flags over environment over file', async () => {
    const gateway = await startGateway({ config: configFor(upstream, { server: { listen: '127.0.0.1:1' } }), args: ['--listen', '127.0.0.1:0', '--threads', '1'] });
    assert.notEqual(gateway.port, 1);
    await gateway.assertHealthy();
    await gateway.stop();
  });

  test('the built-in echo, with pace and length', async () => {
    const config = { server: { listen: '127.0.0.1:0' }, providers: [{ name: 'slow-echo', vendor: 'echo', pace: '30ms', words: 10 }] };
    const gateway = await startGateway({ config });
    const begun = performance.now();
    const answer = await gateway.chat({ model: 'slow-echo/echo-1', stream: true, messages });
    assert.equal(answer.status, 200, answer.text);
    const seen = readChatStream(answer.body);
    assert.equal(seen.text.trim().split(/\s+/).length, 10);
    assert.ok(performance.now() - begun >= 200, 'the pace');
    await gateway.stop();
  });
});
