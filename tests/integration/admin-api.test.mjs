// Keys and providers through the API: what is shown, what is refused, what is never written down.
import { after, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, allFiles, assertErrorShape } from './lib/gateway.mjs';

const upstream = await startUpstream();
const gateway = await startGateway({ config: configFor(upstream) });
after(async () => {
  await gateway.stop();
  await upstream.close();
});

async function call(method, path, body, key = gateway.key) {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: key ? { authorization: `Bearer ${key}` } : {},
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}
const chat = (key, model = 'ok') =>
  call('POST', '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'x' }] }, key);

describe('keys', () => {
  test('a key is shown once, works at once, and is refused at the next request after it is revoked', async () => {
    const made = await call('POST', '/v1/api-keys', { organization_id: 'org_1', name: 'team' });
    assert.equal(made.status, 201);
    assert.match(made.body.key, /^sk-gr-[0-9A-Za-z]{38}$/);
    assert.deepEqual(made.body.permissions, ['read', 'write']);
    assert.equal((await chat(made.body.key)).status, 200);
    const shown = await call('GET', `/v1/api-keys/${made.body.id}`);
    assert.equal(shown.body.key, null);
    assert.equal(shown.body.status, 'active');
    assert.equal((await call('DELETE', `/v1/api-keys/${made.body.id}`)).status, 200);
    const refused = await chat(made.body.key);
    assert.equal(refused.status, 401);
    assert.equal(refused.body.error.code, 'invalid_api_key');
    assert.equal((await call('GET', `/v1/api-keys/${made.body.id}`)).body.status, 'inactive');
  });

  test('permissions: a read key lists models and calls none; neither administers', async () => {
    const read = (await call('POST', '/v1/api-keys', { name: 'reader', permissions: ['read'] })).body.key;
    assert.equal((await call('GET', '/v1/models', undefined, read)).status, 200);
    assert.equal((await chat(read)).status, 403);
    for (const [method, path] of [['GET', '/v1/api-keys'], ['POST', '/v1/api-keys'], ['GET', '/v1/providers'], ['DELETE', '/v1/api-keys/ak_1']]) {
      const answer = await call(method, path, method === 'POST' ? {} : undefined, read);
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.equal(answer.body.error.code, 'not_allowed');
      assert.equal((await call(method, path, method === 'POST' ? {} : undefined, null)).status, 401);
    }
  });

  test('pages', async () => {
    for (let i = 0; i < 3; ++i) await call('POST', '/v1/api-keys', { name: `page ${i}` });
    const page = await call('GET', '/v1/api-keys?page=2&limit=2');
    assert.equal(page.body.data.length, 2);
    assert.equal(page.body.pagination.page, 2);
    assert.equal(page.body.pagination.pages, Math.ceil(page.body.pagination.total / 2));
    for (const query of ['page=0', 'page=9223372036854775807', 'limit=0', 'limit=1000', 'limit=x']) {
      assert.equal((await call('GET', `/v1/api-keys?${query}`)).status, 422, query);
    }
  });

  for (const [what, body, field] of [
    ['unknown field', { role: 'owner' }, 'role'],
    ['name of another kind', { name: 5 }, 'name'],
    ['name with a control character', { name: 'a\nb' }, 'name'],
    ['unknown permission', { permissions: ['root'] }, 'permissions'],
    ['no permission', { permissions: [] }, 'permissions'],
    ['past expiry', { expires_at: '2001-01-01T00:00:00Z' }, 'expires_at'],
    ['nonsense expiry', { expires_at: '2030-02-31T00:00:00Z' }, 'expires_at'],
  ]) {
    test(`refused: ${what}`, async () => {
      const answer = await call('POST', '/v1/api-keys', body);
      assert.equal(answer.status, 422);
      assert.equal(answer.body.error.param, field);
    });
  }
});

describe('providers', () => {
  const canary = 'sk-entered-CANARY-0123456789';

  test('a credential is kept sealed and never shown', async () => {
    const made = await call('POST', '/v1/providers', { name: 'entered', vendor: 'openai', api_key: canary });
    assert.equal(made.status, 201);
    assert.equal(made.body.has_api_key, true);
    const list = await call('GET', '/v1/providers');
    assert.ok(list.body.data.some((row) => row.name === 'entered' && row.source === 'api'));
    assert.ok(list.body.data.some((row) => row.name === 'local' && row.source === 'configuration'));
    assert.ok(!JSON.stringify(list.body).includes(canary));
    for (const file of allFiles(gateway.data)) assert.ok(!readFileSync(file).includes(canary), file);
    assert.ok(!gateway.output.includes(canary));
    const models = await call('GET', '/v1/models');
    assert.ok(models.body.data.some((row) => row.id.startsWith('entered/')));
    // A new address must not learn the old credential.
    const moved = await call('PATCH', `/v1/providers/${made.body.id}`, { base_url: 'https://example.test/v1' });
    assert.equal(moved.body.has_api_key, false);
    const off = await call('PATCH', `/v1/providers/${made.body.id}`, { enabled: false });
    assert.equal(off.body.enabled, false);
    assert.equal((await call('DELETE', `/v1/providers/${made.body.id}`)).status, 200);
    assert.equal((await call('DELETE', `/v1/providers/${made.body.id}`)).status, 404);
  });

  for (const url of [
    'http://api.example.com/v1', 'https://127.0.0.1/v1', 'https://10.1.2.3/v1', 'https://169.254.169.254/v1', 'https://[::1]/v1',
    'https://[::ffff:10.0.0.1]/v1', 'https://100.100.100.200/', 'https://localhost/v1', 'https://localhost./v1', 'https://metadata.google.internal/v1',
    'https://user@example.com/v1', 'https://example.com/v1?x=1', 'https://example.com/v1#x', 'ftp://example.com', 'example.com', 'https://',
  ]) {
    test(`refused: ${url}`, async () => {
      const answer = await call('POST', '/v1/providers', { name: 'bad', vendor: 'openai', base_url: url });
      assert.equal(answer.status, 422);
      assert.equal(answer.body.error.param, 'base_url');
    });
  }

  for (const [what, body, status, param] of [
    ['no name', { vendor: 'openai' }, 422, 'name'],
    ['a slash in the name', { name: 'a/b', vendor: 'openai' }, 422, 'name'],
    ['an unknown vendor', { name: 'n', vendor: 'nobody' }, 422, 'vendor'],
    ['a vendor without an address', { name: 'n', vendor: 'openai_compatible' }, 422, 'base_url'],
    ['the name of a configured provider', { name: 'local', vendor: 'openai' }, 409, 'name'],
    ['an unknown field', { name: 'n', vendor: 'openai', id: 'prov_7' }, 422, 'id'],
  ]) {
    test(`refused: ${what}`, async () => {
      const answer = await call('POST', '/v1/providers', body);
      assert.equal(answer.status, status);
      assert.equal(answer.body.error.param, param);
    });
  }
});
