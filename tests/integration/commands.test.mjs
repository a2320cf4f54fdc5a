// The command line: check, keys, version, help.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, runCommand, temporaryFolder, assertErrorShape } from './lib/gateway.mjs';

const upstream = await startUpstream();
const folder = temporaryFolder();
after(async () => {
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});
const messages = [{ role: 'user', content: 'x' }];

describe('check', () => {
  const file = path.join(folder, 'gaiarouter.yaml');
  const check = (text, env) => {
    writeFileSync(file, text);
    return runCommand(['check', '--config', file], { env, cwd: folder });
  };
  const small = `
server: {listen: 127.0.0.1:8000, threads: 2, timeouts: {connect: 5s, first_byte: 120s, stream_idle: 60s}}
providers:
  - {name: local, vendor: openai, base_url: "http://127.0.0.1:9100/v1", api_key: "\${LOCAL_KEY:-none}"}
models:
  - {name: fast, provider: local, model: gpt-4o-mini}   # an alias
  - {name: "*", provider: local}                        # everything else, by pattern
`;
  test('a small complete file is good', async () => {
    const done = await check(small);
    assert.equal(done.code, 0, done.output);
  });
  // text, what must be said; the place is that of the mistake
  const wrong = [
    ['an unknown key and the nearest one', 'server:\n  listen: 127.0.0.1:0\n  tiemouts: {}\n', [/gaiarouter\.yaml:3/, /tiemouts/, /timeouts/]],
    ['an unknown key deeper down', 'server:\n  timeouts:\n    first_bite: 5s\n', [/:3/, /first_byte/]],
    ['an unknown top-level key', 'sever: {}\n', [/:1/, /server/]],
    ['a wrong type', 'server:\n  threads: many\n', [/:2/, /threads/]],
    ['a wrong duration', 'server:\n  timeouts: {connect: 5 parsecs}\n', [/:2/, /connect/]],
    ['a wrong size', 'server:\n  limits: {request_body: 10 potatoes}\n', [/:2/, /request_body/]],
    ['a model of an unknown provider', 'providers: []\nmodels:\n  - {name: a, provider: nobody}\n', [/:3/, /nobody/]],
    ['a variable that is not set', 'providers:\n  - {name: a, vendor: openai, api_key: "${NOT_SET_ANYWHERE}"}\n', [/:2/, /NOT_SET_ANYWHERE/]],
    ['a file that is not there', 'providers:\n  - {name: a, vendor: openai, api_key: "file:/nowhere/at/all"}\n', [/:2/]],
    ['two providers of one name', 'providers:\n  - {name: a, vendor: openai}\n  - {name: a, vendor: openai}\n', [/:3/, /two|twice|duplicate|earlier/i]],
    ['the same key twice', 'server: {listen: "127.0.0.1:0"}\nserver: {listen: "127.0.0.1:0"}\n', [/:2/]],
    ['no YAML at all', 'server: {listen: [\n', [/gaiarouter\.yaml/]],
    ['an unknown vendor', 'providers:\n  - {name: a, vendor: opnai}\n', [/:2/, /openai/]],
  ];
  for (const [name, text, says] of wrong) {
    test(name, async () => {
      const done = await check(text, { OPENAI_API_KEY: 'sk-environment-canary' });
      assert.notEqual(done.code, 0, done.output);
      for (const pattern of says) assert.match(done.output, pattern);
      assert.ok(!done.output.includes('sk-environment-canary'));
    });
  }
  test('a secret in a wrong place is not repeated', async () => {
    const done = await check('providers:\n  - {name: a, vendor: openai, api_key: {x: sk-secret-canary-value}}\n');
    assert.notEqual(done.code, 0);
    assert.ok(!done.output.includes('sk-secret-canary-value'), done.output);
  });
  test('serve refuses the same file with the same words', async () => {
    const gateway = await startGateway({ config: 'server:\n  listen: 127.0.0.1:0\n  tiemouts: {}\n', expectExit: true });
    assert.notEqual(gateway.exit.code, 0);
    assert.match(gateway.output, /gaiarouter\.yaml:3/);
    rmSync(gateway.folder, { recursive: true });
  });
});

const keyIn = (output) => /sk-gr-[0-9A-Za-z]{38}/.exec(output)?.[0];

describe('keys', () => {
  test('create, list and revoke while it runs: known and refused at the next request', async () => {
    const gateway = await startGateway({ config: configFor(upstream) });
    const run = (...words) => runCommand(['keys', ...words, '--data', gateway.data, '--config', gateway.file]);
    const made = await run('create', '--name', 'first key');
    assert.equal(made.code, 0, made.output);
    const key = keyIn(made.output);
    assert.ok(key, made.output);
    assert.equal((await gateway.chat({ model: 'ok', messages }, { key })).status, 200, 'a new key works at once');
    const list = await run('list');
    assert.equal(list.code, 0, list.output);
    assert.match(list.output, /first key/);
    assert.ok(!list.output.includes(key), 'the list shows the key');
    const revoked = await run('revoke', key.slice(0, 10));
    assert.equal(revoked.code, 0, revoked.output);
    assertErrorShape(await gateway.chat({ model: 'ok', messages }, { key }), { status: [401, 403] });
    assert.notEqual((await run('revoke', 'sk-gr-none')).code, 0, 'an unknown key');
    await gateway.assertHealthy();
    await gateway.stop();
  });

  test('the same while it is stopped', async () => {
    const gateway = await startGateway({ config: configFor(upstream), keep: true });
    await gateway.stop();
    const run = (...words) => runCommand(['keys', ...words, '--data', gateway.data]);
    const made = await run('create', '--name', 'made while stopped', '--json');
    assert.equal(made.code, 0, made.output);
    JSON.parse(made.stdout);
    const key = keyIn(made.output);
    const short = await run('create', '--name', 'ends soon', '--expires', '1s', '--json');
    const gone = keyIn(short.output);
    const listed = JSON.parse((await run('list', '--json')).stdout);
    assert.ok(JSON.stringify(listed).includes('made while stopped'));
    const again = await startGateway({ config: configFor(upstream), folder: gateway.folder, key: gateway.key });
    assert.equal((await again.chat({ model: 'ok', messages }, { key })).status, 200);
    await new Promise((done) => setTimeout(done, 1200));
    assertErrorShape(await again.chat({ model: 'ok', messages }, { key: gone }), { status: [401, 403] });
    await again.stop({ keep: true });
    assert.equal((await run('revoke', key.slice(0, 10))).code, 0);
    const third = await startGateway({ config: configFor(upstream), folder: gateway.folder, key: gateway.key });
    assertErrorShape(await third.chat({ model: 'ok', messages }, { key }), { status: [401, 403] });
    await third.stop();
  });

  test('a key with a wrong checksum is refused', async () => {
    const gateway = await startGateway({ config: configFor(upstream) });
    const key = keyIn((await runCommand(['keys', 'create', '--data', gateway.data, '--name', 'x'])).output);
    const last = key.at(-1) === 'a' ? 'b' : 'a';
    assertErrorShape(await gateway.chat({ model: 'ok', messages }, { key: key.slice(0, -1) + last }), { status: 401, code: 'invalid_api_key' });
    await gateway.stop();
  });
});

describe('version and help', () => {
  test('version', async () => {
    const done = await runCommand(['version']);
    assert.equal(done.code, 0);
    assert.match(done.stdout, /\d+\.\d+/);
  });
  for (const words of [['--help'], ['serve', '--help'], ['check', '--help'], ['keys', '--help'], ['keys', 'create', '--help'], ['keys', 'list', '--help'], ['keys', 'revoke', '--help']]) {
    test(words.join(' '), async () => {
      const done = await runCommand(words);
      assert.equal(done.code, 0);
      assert.ok(done.stdout.length > 40);
      if (words.length === 1) for (const word of ['serve', 'check', 'keys', 'version']) assert.match(done.stdout, new RegExp(word));
    });
  }
  for (const words of [['sevre'], ['serve', '--no-such-flag'], ['keys', 'revoke']]) {
    test(`${words.join(' ')} is a mistake`, async () => {
      const done = await runCommand(words, { cwd: folder });
      assert.notEqual(done.code, 0);
      assert.ok(done.stderr.length > 0);
    });
  }
});
