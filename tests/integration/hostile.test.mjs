// Bad client input, group by group: the answer, the fate of the connection, and a good request after
// each case. A new case is a row in lib/hostile.mjs.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, configFor, makeKey, assertErrorShape, patience } from './lib/gateway.mjs';
import { Connection, Timeout, sleep } from './lib/raw.mjs';
import { hostileCases } from './lib/hostile.mjs';

const key = makeKey();
const upstream = await startUpstream();
const groups = hostileCases({ key, canaryPort: upstream.canaryPort });
let gateway;

before(async () => {
  const timeouts = { request_head: '2s', request_body: '3s', idle: '2s', first_byte: '5s', drain: '2s' };
  gateway = await startGateway({
    key,
    config: configFor(upstream, { server: { timeouts }, models: [{ name: 'ok', provider: 'local' }] }),
  });
});
after(async () => {
  await gateway?.stop();
  await upstream.close();
});

// Sends the steps and collects every answer until the gateway closes or falls silent.
async function exchange(steps, { closed, wait = 5000, responses: wanted = 1, method = 'POST' }) {
  const connection = await Connection.open(gateway.port);
  const responses = [];
  let closedInTime = false;
  try {
    const writing = (async () => {
      for (const step of steps) {
        if (connection.ended) return;
        if (step === 'FIN') connection.end();
        else if (step === 'NEXT') await new Promise(setImmediate);
        else if (typeof step === 'number') await sleep(step);
        else if (!(await connection.write(step))) return;
      }
    })();
    const until = performance.now() + wait * patience;
    let quiet = closed ? wait * patience : 150;
    for (;;) {
      const left = Math.max(1, until - performance.now());
      const patient = responses.length < wanted ? left : Math.min(left, quiet);
      let answer;
      try {
        answer = await connection.response({ timeout: patient, method });
      } catch (error) {
        if (error instanceof Timeout) break;
        // A reset may follow an answer that was complete; anything else is broken framing.
        if (connection.reset && connection.buffered === 0) break;
        throw error;
      }
      if (!answer) break;
      responses.push(answer);
      if (responses.length > 8) break;
    }
    closedInTime = connection.ended;
    await Promise.race([writing, sleep(100)]);
    return { responses, closed: closedInTime, leftover: connection.take() };
  } finally {
    connection.destroy();
  }
}

async function runCase({ steps, expect }) {
  const before = upstream.of('smuggled').length;
  const seen = await exchange(steps, expect);
  const { responses } = seen;
  const shown = responses.map((one) => `${one.status} ${one.body.toString('utf8').slice(0, 200)}`).join('\n');
  const allowed = expect.status;
  const wanted = expect.responses ?? 1;
  if (responses.length === 0) {
    assert.ok(allowed.includes(0), `no response${seen.closed ? ', closed' : ', still open'}`);
  } else {
    assert.equal(responses.length, wanted, `answers:\n${shown}`);
  }
  for (const answer of responses) {
    assert.ok(allowed.includes(answer.status), `status ${answer.status}, expected ${allowed}: ${shown}`);
    assert.equal(answer.cut, null, 'a cut answer');
    if (expect.interim !== undefined) assert.equal(answer.interim.filter((one) => one === 100).length, expect.interim, '100 Continue');
    if (answer.status >= 400 && expect.shape !== false) {
      const error = assertErrorShape(answer, { type: expect.type, code: expect.code, param: expect.param });
      if (expect.paramMatch) assert.match(String(error.param), expect.paramMatch);
      assert.ok(!error.message.includes(key), 'the key is in the message');
    }
    if (expect.allow && answer.status === 405) assert.match(answer.headers.allow ?? '', expect.allow, 'Allow');
    if (expect.notInHead) assert.doesNotMatch(answer.rawHead, expect.notInHead);
    if (expect.notInBody) assert.doesNotMatch(answer.body.toString('utf8'), expect.notInBody);
    assert.doesNotMatch(answer.rawHead, /x-injected/i);
  }
  if (expect.closed) assert.ok(seen.closed, `the connection is still open after:\n${shown}`);
  assert.equal(upstream.of('smuggled').length, before, 'a body was executed as a request');
  await gateway.assertHealthy();
}

for (const [group, cases] of Object.entries(groups)) {
  describe(`${group} (${cases.length})`, { concurrency: 6 }, () => {
    for (const one of cases) test(`${group}: ${one.name}`, () => runCase(one));
  });
}

describe('after all of them', () => {
  test('nothing was called that a request named', () => assert.equal(upstream.canary.connections, 0));
  test('no body was executed as a request', () => assert.equal(upstream.of('smuggled').length, 0));
  test('idle connections were closed silently', async () => {
    const connection = await Connection.open(gateway.port);
    await connection.write(Buffer.from(`GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`));
    assert.equal((await connection.response()).status, 200);
    assert.ok(await connection.untilClosed(8000 * patience), 'closed');
    assert.equal(connection.buffered, 0, 'unsolicited bytes');
    connection.destroy();
  });
  test('the log has one line per event and no key', () => {
    assert.ok(!gateway.output.includes(key));
    assert.ok(!/[\x00-\x08\x0b-\x1f\x7f]/.test(gateway.output), 'control characters in the log');
  });
  test('a good request', () => gateway.assertHealthy());
});
