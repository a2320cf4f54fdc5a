// Row 52 of the fault table: upstreams behind broken TLS. Verification is on and stays on.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';
import { rmSync } from 'node:fs';
import { startUpstream } from './lib/upstream.mjs';
import { startGateway, assertErrorShape, upstreamKey, temporaryFolder, patience } from './lib/gateway.mjs';
import { makeCertificates } from './lib/certificates.mjs';
import { rowsOf } from './lib/rows.mjs';
import { text } from './lib/faults/ordinary.mjs';

const folder = temporaryFolder('gaia-tls');
const closing = [];
let gateway;

async function plainServer(onSocket) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return server.address().port;
}

// name, statuses, within (connect limit is 1 s)
const table = [
  ['good', [200]],
  ['not-tls', [502, 504]],
  ['silent', [502, 504]],
  ['reset', [502, 504]],
  ['closed', [502, 504]],
  ['wrong-name', [502]],
  ['expired', [502]],
  ['self-signed', [502]],
  ['tls-1.0', [502]],
];

before(async () => {
  const certificates = makeCertificates(folder);
  const secure = async (tls) => {
    const upstream = await startUpstream({ tls });
    closing.push(() => upstream.close());
    return upstream.port;
  };
  const closedPort = await plainServer(() => {});
  await closing.pop()();
  const ports = {
    good: await secure(certificates.good),
    'not-tls': await plainServer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')),
    silent: await plainServer(() => {}),
    reset: await plainServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    closed: closedPort,
    'wrong-name': await secure(certificates.wrongName),
    expired: await secure(certificates.expired),
    'self-signed': await secure(certificates.selfSigned),
    'tls-1.0': await secure({ ...certificates.good, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  };
  const config = {
    server: { listen: '127.0.0.1:0', threads: 2, timeouts: { connect: '1s', first_byte: '5s', drain: '2s' } },
    providers: Object.entries(ports).map(([name, port]) => ({ name: `p-${name}`.replace('.', '-'), vendor: 'openai', base_url: `https://127.0.0.1:${port}/v1`, api_key: upstreamKey })),
    models: Object.keys(ports).map((name) => ({ name: `m-${name}`, provider: `p-${name}`.replace('.', '-'), model: 'ok' })),
  };
  gateway = await startGateway({ config, env: { SSL_CERT_FILE: certificates.authorityFile } });
});
after(async () => {
  await gateway?.stop();
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

describe('TLS to an upstream', { concurrency: 3 }, () => {
  for (const [name, statuses] of table) {
    test(name, async () => {
      const begun = performance.now();
      const answer = await gateway.chat({ model: `m-${name}`, messages: [{ role: 'user', content: 'x' }] });
      const took = performance.now() - begun;
      assert.ok(statuses.includes(answer.status), `${answer.status} ${answer.text}`);
      const [row] = await rowsOf(gateway.data, `m-${name}`);
      assert.ok(row, 'a usage row');
      assert.equal(row.status, answer.status);
      if (answer.status === 200) {
        assert.equal(JSON.parse(answer.text).choices[0].message.content, text);
      } else {
        assertErrorShape(answer, { type: answer.status === 504 ? 'timeout_error' : 'server_error' });
        assert.ok(!answer.text.includes('127.0.0.1'), 'the address of the upstream was shown');
        assert.equal(row.usage_source, 'none');
        assert.ok(took < 3500 * patience, `${took} ms with a connect limit of 1 s and one retry`);
      }
    });
  }
});
