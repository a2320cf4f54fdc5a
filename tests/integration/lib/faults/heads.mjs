// Faults before or in the answer's head, and answers that are errors (rows 1 to 17).
import { ordinary } from './ordinary.mjs';

// None of these may be seen by a client of the gateway.
export const marker = 'UPSTREAM-PRIVATE-MARKER';
export const innerHost = 'db-internal.corp.example';

const problem = (message, type, code) => ({ error: { message, type, param: null, code } });

export const heads = {
  'fault-reset-before-answer': async (x) => x.reset(),
  'fault-close-before-answer': async (x) => x.close(),
  'fault-hang-before-answer': async (x) => x.hold(),
  'fault-slow-head': async (x) => {
    x.keep = false;
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-slow: aaaaaaaaaaaaaaaaaaaa\r\n\r\n{}';
    for (const byte of head) {
      await x.write(byte);
      await x.sleep(40);
    }
  },
  'fault-not-http': async (x) => {
    await x.write(`SSH-2.0-OpenSSH_9.2 ${marker}\r\n`);
    await x.close();
  },
  'fault-bad-status-line': async (x) => {
    await x.write(`HTTP/1.1 2OO ${marker}\r\ncontent-length: 2\r\n\r\n{}`);
    await x.close();
  },
  'fault-head-1m': async (x) => {
    x.keep = false;
    await x.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n');
    const line = `x-pad: ${'p'.repeat(8000)}\r\n`;
    for (let sent = 0; sent < 1 << 20; sent += line.length) await x.write(line);
    await x.write('content-length: 2\r\n\r\n{}');
  },
  'fault-interim-answers': async (x) => {
    for (let i = 0; i < 3; i += 1) await x.write('HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n');
    await ordinary.ok(x);
  },
  'fault-switches-protocol': async (x) => {
    x.keep = false;
    await x.head(101, { connection: 'upgrade', upgrade: 'websocket' }, 'Switching Protocols');
    await x.write(Buffer.from([0x81, 0x02, 0x68, 0x69]));
    await x.hold();
  },
  'fault-400': async (x) => {
    const leak = `Unsupported value for this model. Key ${x.headers.authorization} sk-proj-ABCDEFGHIJKLMNOPQRSTUVWXYZ123456 `;
    await x.whole(400, problem(leak + 'long '.repeat(1000), 'invalid_request_error', 'unsupported_value'));
  },
  'fault-401-echoes-key': async (x) => {
    const key = (x.headers.authorization ?? '').replace(/^Bearer /, '');
    await x.whole(401, problem(`Incorrect API key provided: ${key}.`, 'invalid_request_error', 'invalid_api_key'));
  },
  'fault-403': async (x) => x.whole(403, problem('Country, region, or territory not supported', 'request_forbidden', 'unsupported_country_region_territory')),
  'fault-404': async (x) => x.whole(404, problem(`The model ${x.model} does not exist`, 'invalid_request_error', 'model_not_found')),
  'fault-429-retry-after': async (x) =>
    x.whole(429, problem('Rate limit reached for requests', 'requests', 'rate_limit_exceeded'), { 'retry-after': '6.5', 'retry-after-ms': '6500' }),
  'fault-429-absurd': async (x) => x.whole(429, problem('Rate limit reached', 'requests', 'rate_limit_exceeded'), { 'retry-after': '999999999' }),
  'fault-429-bare': async (x) => x.whole(429, problem('Rate limit reached for requests', 'requests', 'rate_limit_exceeded')),
  'fault-500': async (x) => x.whole(500, problem(`The server had an error ${marker}`, 'server_error', null)),
  'fault-503': async (x) => x.whole(503, problem(`Overloaded ${marker}`, 'server_error', null)),
  'fault-529': async (x) => x.whole(529, problem(`Overloaded ${marker}`, 'overloaded_error', null)),
  'fault-502-html': async (x) =>
    x.whole(502, `<html><head><title>502 Bad Gateway</title></head><body>${marker} ${innerHost}<hr>nginx/1.22</body></html>`, { 'content-type': 'text/html' }),
  'fault-503-once': async (x) => {
    if (x.upstream.count(x.model) === 1) return x.whole(503, problem(`Overloaded ${marker}`, 'server_error', null));
    return ordinary.ok(x);
  },
  'fault-200-with-error': async (x) => x.whole(200, problem(`Something went wrong ${marker}`, 'server_error', null)),
  'fault-redirect-internal': async (x) =>
    x.whole(307, '', { location: `http://127.0.0.1:${x.upstream.canaryPort}/v1/chat/completions`, 'content-type': 'text/plain' }),
};
