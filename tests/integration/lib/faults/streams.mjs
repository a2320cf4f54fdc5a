// Faults of a stream: cut, hanging, badly framed, oddly written (rows 34 to 51).
import { gzipSync } from 'node:zlib';
import { words, text, usage, ordinary, piece, usagePiece, streamWords, finishStream } from './ordinary.mjs';
import { marker } from './heads.mjs';

export const unicodeText = 'Grüße, 世界! 👩‍🚀 ok';

const asLines = (x, list, { end = '\n', prefix = 'data: ' } = {}) =>
  [
    piece(x, { role: 'assistant', content: '' }),
    ...list.map((content) => piece(x, { content })),
    piece(x, {}, 'stop'),
    ...(x.includeUsage ? [usagePiece(x)] : []),
  ]
    .map((data) => `${prefix}${JSON.stringify(data)}${end}${end}`)
    .concat([`${prefix}[DONE]${end}${end}`]);

// A fault of the stream only: a whole answer is an ordinary one.
const streamOnly = (behave) => async (x) => (x.stream ? behave(x) : ordinary.ok(x));

async function begin(x, n = 3) {
  await x.streamHead();
  await streamWords(x, words.slice(0, n));
}

const faults = {
  'fault-truncated-stream': async (x) => {
    await begin(x);
    await x.sleep(50);
    await x.close();
  },
  'fault-reset-mid-chunk': async (x) => {
    await begin(x);
    await x.write('400\r\ndata: {"id":"cut');
    await x.sleep(50);
    x.reset();
  },
  'fault-no-finish': async (x) => {
    await begin(x);
    await x.lastChunk();
  },
  'fault-no-done': async (x) => {
    await begin(x, 5);
    await x.event(piece(x, {}, 'stop'));
    if (x.includeUsage) await x.event(usagePiece(x));
    await x.lastChunk();
  },
  'fault-two-dones': async (x) => {
    await begin(x, 5);
    await x.event(piece(x, {}, 'stop'));
    if (x.includeUsage) await x.event(usagePiece(x));
    await x.event('[DONE]');
    await x.event('[DONE]');
    await x.lastChunk();
  },
  'fault-events-after-done': async (x) => {
    await begin(x, 5);
    await x.event(piece(x, {}, 'stop'));
    if (x.includeUsage) await x.event(usagePiece(x));
    await x.event('[DONE]');
    await x.event(piece(x, { content: 'AFTER-DONE' }));
    await x.lastChunk();
  },
  'fault-hang-after-head': async (x) => {
    await x.streamHead();
    await x.hold();
  },
  'fault-hang-mid-stream': async (x) => {
    await begin(x);
    await x.hold();
  },
  'fault-hang-after-done': async (x) => {
    await begin(x, 5);
    await x.event(piece(x, {}, 'stop'));
    if (x.includeUsage) await x.event(usagePiece(x));
    await x.event('[DONE]');
    await x.hold();
  },
  'fault-byte-by-byte': async (x) => {
    await x.streamHead();
    for (const byte of Buffer.from(asLines(x, words).join(''))) await x.chunk(Buffer.from([byte]));
    await x.lastChunk();
  },
  'fault-split-utf8': async (x) => {
    await x.streamHead();
    const bytes = Buffer.from(asLines(x, [unicodeText]).join(''));
    let from = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      if (bytes[i] < 0x80 || i === from) continue; // cut before each byte of a character
      await x.chunk(bytes.subarray(from, i));
      await x.sleep(2);
      from = i;
    }
    await x.chunk(bytes.subarray(from));
    await x.lastChunk();
  },
  'fault-crlf-lines': async (x) => {
    await x.streamHead();
    for (const part of asLines(x, words, { end: '\r\n' })) await x.chunk(part);
    await x.lastChunk();
  },
  'fault-cr-lines': async (x) => {
    await x.streamHead();
    for (const part of asLines(x, words, { end: '\r' })) await x.chunk(part);
    await x.lastChunk();
  },
  'fault-split-crlf': async (x) => {
    await x.streamHead();
    for (const part of asLines(x, words, { end: '\r\n' })) {
      for (const half of part.split('\n')) {
        if (half === '') continue;
        await x.chunk(half);
        await x.sleep(2);
        await x.chunk('\n');
      }
    }
    await x.lastChunk();
  },
  'fault-odd-sse': async (x) => {
    await x.streamHead();
    await x.chunk('\uFEFF: a comment first\n\n');
    for (const part of asLines(x, words, { prefix: 'data:' })) {
      await x.chunk(`id: 7\nretry: 10\nunknown-field\n: keep-alive\nevent: message\n${part}`);
      await x.chunk(':\n\n');
    }
    await x.lastChunk();
  },
  'fault-multi-line-data': async (x) => {
    await x.streamHead();
    for (const part of asLines(x, words)) await x.chunk(part.replace(/,"/g, ',\ndata: "'));
    await x.lastChunk();
  },
  'fault-event-10m': async (x) => {
    await x.streamHead();
    await streamWords(x, words);
    const [before, after] = JSON.stringify(piece(x, { content: '@' })).split('@');
    await x.chunk(`data: ${before}`);
    for (let i = 0; i < 10; i += 1) await x.chunk(Buffer.alloc(1 << 20, 'm'));
    await x.chunk(`${after}\n\n`);
    await finishStream(x);
  },
  'fault-endless-line': async (x) => {
    await begin(x);
    await x.chunk('data: {"endless":"');
    const part = Buffer.alloc(1 << 18, 'e');
    for (let sent = 0; sent < 256 << 20; sent += part.length) await x.chunk(part);
    await x.hold();
  },
  'fault-bad-json-event': async (x) => {
    await begin(x);
    await x.chunk(`data: {"choices": [ ${marker} \n\n`);
    for (const word of words.slice(3)) await x.event(piece(x, { content: word }));
    await finishStream(x);
  },
  'fault-error-event': async (x) => {
    await begin(x);
    await x.event({ error: { message: 'The model produced invalid content', type: 'server_error', param: null, code: 'model_error' } });
    await x.lastChunk();
  },
  'fault-error-event-first': async (x) => {
    await x.streamHead();
    await x.event({ error: { message: `Overloaded ${marker}`, type: 'server_error', param: null, code: 'overloaded' } });
    await x.lastChunk();
  },
  'fault-chunk-extensions': async (x) => {
    await x.streamHead();
    for (const part of asLines(x, words)) {
      const bytes = Buffer.from(part);
      await x.write(`${bytes.length.toString(16)};ext=1;name="value"\r\n${part}\r\n`);
    }
    await x.write('0;last\r\nx-trailer: yes\r\n\r\n');
  },
  'fault-stream-with-length': async (x) => {
    const body = Buffer.from(asLines(x, words).join(''));
    await x.head(200, { 'content-type': 'text/event-stream', 'content-length': body.length });
    for (let i = 0; i < body.length; i += 100) await x.write(body.subarray(i, i + 100));
  },
  'fault-stream-until-close': async (x) => {
    await x.head(200, { 'content-type': 'text/event-stream', connection: 'close' });
    for (const part of asLines(x, words)) await x.write(part);
    await x.close();
  },
  'fault-bad-chunk-size': async (x) => {
    x.keep = false;
    await begin(x);
    await x.sleep(30);
    await x.write('zz\r\ndata: nonsense\r\n');
    await x.hold();
  },
  'fault-gzip-stream': async (x) => {
    await x.streamHead({ 'content-encoding': 'gzip' });
    await x.chunk(gzipSync(asLines(x, words).join('')));
    await x.lastChunk();
  },
  'fault-stream-usage-nonsense': async (x) => {
    await begin(x, 5);
    await finishStream(x, { prompt_tokens: -7, completion_tokens: 9223372036854775807n.toString(), total_tokens: 'x' });
  },
};

export const streams = Object.fromEntries(Object.entries(faults).map(([name, behave]) => [name, streamOnly(behave)]));
export { text, usage };
