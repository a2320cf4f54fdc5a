// Faults in the body of a whole answer, in its framing, and answers of the wrong kind (rows 18 to 33).
import { gzipSync } from 'node:zlib';
import { ordinary, completion, piece, streamWords, finishStream, usage } from './ordinary.mjs';
import { marker } from './heads.mjs';

let bomb;
// 512 MiB of zeros in about 512 KiB: concatenated members are one gzip stream.
function bombBytes() {
  bomb ??= Buffer.concat(Array(32).fill(gzipSync(Buffer.alloc(16 << 20))));
  return bomb;
}

function raw(x, status, headers, body) {
  return x.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} OK\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`), Buffer.from(body)]));
}

async function megabytes(x, m) {
  const before = JSON.stringify(completion(x, { content: '@' })).split('@');
  const total = m * 1024 * 1024;
  await x.head(200, { 'content-type': 'application/json', 'content-length': before[0].length + before[1].length + total });
  await x.write(before[0]);
  const part = Buffer.alloc(1 << 20, 'z');
  for (let i = 0; i < m; i += 1) await x.write(part);
  await x.write(before[1]);
}

export const bodies = {
  'fault-invalid-json': async (x) => x.whole(200, `{"id": "chatcmpl-1", "choices": [ ${marker} `),
  'fault-empty-200': async (x) => x.whole(200, ''),
  'fault-html-200': async (x) => x.whole(200, `<html><body>${marker} Sign in to continue</body></html>`, { 'content-type': 'text/html' }),
  'fault-short-body': async (x) => {
    const body = JSON.stringify(completion(x));
    await x.head(200, { 'content-type': 'application/json', 'content-length': body.length + 1000 });
    await x.write(body);
    await x.close();
  },
  'fault-body-hangs': async (x) => {
    const body = JSON.stringify(completion(x));
    await x.head(200, { 'content-type': 'application/json', 'content-length': body.length });
    await x.write(body.slice(0, body.length / 2));
    await x.hold();
  },
  'fault-gzip': async (x) => x.whole(200, gzipSync(JSON.stringify(completion(x))), { 'content-encoding': 'gzip' }),
  'fault-gzip-bomb': async (x) => x.whole(200, bombBytes(), { 'content-encoding': 'gzip' }),
  'fault-body-64m': async (x) => megabytes(x, 64),
  'fault-body-8m': async (x) => megabytes(x, 8),
  'fault-depth-100k': async (x) => x.whole(200, `{"id":"x","choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  'fault-no-usage': async (x) => x.whole(200, completion(x, { use: null })),
  'fault-usage-nonsense': async (x) =>
    x.whole(200, completion(x, { use: { prompt_tokens: -5, completion_tokens: 'many', total_tokens: null, prompt_tokens_details: [], completion_tokens_details: 3 } })),
  'fault-usage-huge': async (x) =>
    x.whole(200, JSON.stringify(completion(x)).replace('"prompt_tokens":7', '"prompt_tokens":9223372036854775807').replace('"completion_tokens":5', '"completion_tokens":1e30')),
  'fault-nulls': async (x) =>
    x.whole(200, { id: null, object: null, created: null, model: null, choices: [{ index: 0, message: { role: null, content: null }, finish_reason: null }], usage: null }),
  'fault-bad-utf8': async (x) => {
    const [before, after] = JSON.stringify(completion(x, { content: '@' })).split('@');
    await x.whole(200, Buffer.concat([Buffer.from(before), Buffer.from([0x61, 0xff, 0xc0, 0xaf, 0x62]), Buffer.from(after)]));
  },
  'fault-private-headers': async (x) =>
    x.whole(200, completion(x), {
      'set-cookie': ['session=PRIVATE-COOKIE; Path=/', 'other=PRIVATE-COOKIE'],
      server: 'cloudflare-PRIVATE',
      'x-powered-by': 'PRIVATE',
      'openai-organization': 'org-PRIVATE',
      'x-internal-host': 'PRIVATE.internal',
      connection: 'keep-alive, x-hop',
      'x-hop': 'PRIVATE',
      'keep-alive': 'timeout=5',
      'proxy-authenticate': 'Basic realm="PRIVATE"',
      via: '1.1 PRIVATE',
      'alt-svc': 'h3=":443"',
      'strict-transport-security': 'max-age=1',
      'access-control-allow-origin': 'https://PRIVATE.example',
      'x-request-id': 'req_of_the_upstream',
      'openai-processing-ms': '236',
    }),
  'fault-length-and-chunked': async (x) => {
    x.keep = false;
    const body = JSON.stringify(completion(x));
    await raw(x, 200, ['content-type: application/json', `content-length: ${body.length}`, 'transfer-encoding: chunked'], `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    await x.hold();
  },
  'fault-two-lengths': async (x) => {
    x.keep = false;
    const body = JSON.stringify(completion(x));
    await raw(x, 200, ['content-type: application/json', `content-length: ${body.length}`, `content-length: ${body.length - 10}`], body);
    await x.hold();
  },
  'fault-trailing-answer': async (x) => {
    const body = JSON.stringify(completion(x));
    const stolen = JSON.stringify(completion(x, { content: 'ANSWER-OF-ANOTHER' }));
    await raw(
      x,
      200,
      ['content-type: application/json', `content-length: ${body.length}`],
      `${body}HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${stolen.length}\r\n\r\n${stolen}`,
    );
  },
  'fault-late-answer': async (x) => {
    // Writes even when the gateway has left: whoever reads this connection next would see it.
    await new Promise((done) => setTimeout(done, x.parameter('t', 400)));
    if (!x.stream) return x.whole(200, completion(x, { content: 'LATE-ANSWER' }));
    await x.streamHead();
    await streamWords(x, ['LATE-ANSWER']);
    await finishStream(x);
  },
  'fault-stream-for-whole': async (x) => {
    await x.streamHead();
    await streamWords(x);
    await x.event(piece(x, {}, 'stop', { usage }));
    await x.event('[DONE]');
    await x.lastChunk();
  },
  'fault-whole-for-stream': async (x) => x.whole(200, completion(x)),
  'fault-ok': async (x) => ordinary.ok(x),
};
