// A client of raw bytes: what is sent is exactly what the test wrote, and what comes back is taken
// apart by an own strict reader, so that framing faults of the gateway show and are not repaired.
import net from 'node:net';
import tls from 'node:tls';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export class Timeout extends Error {}

export class Connection {
  #waiters = new Set();
  #chunks = [];
  #size = 0;

  constructor(socket) {
    this.socket = socket;
    this.ended = false; // the peer's FIN has come
    this.reset = false; // the peer's RST has come
    this.closed = false;
    this.received = 0;
    socket.on('data', (data) => {
      this.#chunks.push(data);
      this.#size += data.length;
      this.received += data.length;
      this.lastByteAt = performance.now();
      this.#wake();
    });
    socket.on('end', () => this.#gone('ended'));
    socket.on('error', (error) => {
      this.error = error;
      this.#gone('reset');
    });
    socket.on('close', () => this.#gone('closed'));
  }

  static open(port, { host = '127.0.0.1', secure = null, localAddress } = {}) {
    return new Promise((resolve, reject) => {
      const options = { port, host, localAddress, allowHalfOpen: true };
      const socket = secure ? tls.connect({ ...options, ...secure }) : net.connect(options);
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  #gone(how) {
    this[how] = true;
    if (how === 'reset') this.ended = true;
    this.goneAt ??= performance.now();
    if (this.closed) this.ended = true;
    this.#wake();
  }
  #wake() {
    const all = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of all) waiter();
  }
  #change(timeout) {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(done);
        reject(new Timeout(`nothing came for ${timeout} ms`));
      }, timeout);
      this.#waiters.add(done);
    });
  }

  get buffered() {
    return this.#size;
  }
  peek() {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
  take(n = this.#size) {
    const all = this.peek();
    const head = all.subarray(0, n);
    const rest = all.subarray(n);
    this.#chunks = rest.length ? [rest] : [];
    this.#size = rest.length;
    return head;
  }
  // Resolves false when the connection is gone and nothing more can be written.
  write(data) {
    if (this.closed || this.socket.destroyed || this.socket.writableEnded) return Promise.resolve(false);
    return new Promise((resolve) => this.socket.write(data, (error) => resolve(!error)));
  }
  end() {
    this.socket.end();
  }
  rst() {
    this.socket.resetAndDestroy();
  }
  destroy() {
    this.socket.destroy();
  }

  // Waits for the peer's FIN or RST; false after the time-out.
  async untilClosed(timeout = 10_000) {
    const until = performance.now() + timeout;
    while (!this.ended && !this.closed) {
      const left = until - performance.now();
      if (left <= 0) return false;
      try {
        await this.#change(left);
      } catch {
        return this.ended || this.closed;
      }
    }
    return true;
  }

  async line(timeout, max = 1 << 20) {
    for (;;) {
      const at = this.peek().indexOf('\n');
      if (at >= 0) return this.take(at + 1).toString('latin1');
      if (this.#size > max) throw new Error('line too long');
      if (this.ended) return null;
      await this.#change(timeout);
    }
  }

  // The next final response head; interim ones are kept in `interim`. Null: closed without one.
  async head({ timeout = 15_000 } = {}) {
    const interim = [];
    for (;;) {
      let raw = '';
      for (;;) {
        const line = await this.line(timeout);
        if (line === null) {
          if (raw === '' && this.#size === 0) return null;
          throw new Error(`closed inside a response head: ${JSON.stringify(raw.slice(0, 200))}`);
        }
        if (!line.endsWith('\r\n')) throw new Error(`head line without CR LF: ${JSON.stringify(line)}`);
        raw += line;
        if (line === '\r\n') break;
      }
      const head = parseHead(raw);
      if (head.status >= 200) return { ...head, interim };
      interim.push(head.status);
    }
  }

  // The decoded body in pieces as they come. Throws when the framing is broken or cut.
  async *body(head, { method = 'POST', timeout = 15_000 } = {}) {
    if (method === 'HEAD' || head.status === 204 || head.status === 304) return;
    if (head.headers['transfer-encoding'] !== undefined) {
      if (head.headers['transfer-encoding'] !== 'chunked') throw new Error('unexpected transfer coding');
      if (head.headers['content-length'] !== undefined) throw new Error('both chunked and a length');
      for (;;) {
        const line = await this.line(timeout);
        if (line === null) throw new Error('cut: closed before the last chunk');
        if (!/^[0-9a-fA-F]+(;[^\r\n]*)?\r\n$/.test(line)) throw new Error(`bad chunk size ${JSON.stringify(line)}`);
        let left = parseInt(line, 16);
        if (left === 0) {
          for (;;) {
            const trailer = await this.line(timeout);
            if (trailer === null) throw new Error('cut: closed inside the trailers');
            if (trailer === '\r\n') return;
          }
        }
        while (left > 0) {
          if (this.#size === 0) {
            if (this.ended) throw new Error('cut: closed inside a chunk');
            await this.#change(timeout);
            continue;
          }
          const piece = this.take(Math.min(left, this.#size));
          left -= piece.length;
          yield piece;
        }
        if ((await this.line(timeout)) !== '\r\n') throw new Error('chunk without its CR LF');
      }
    }
    const length = head.headers['content-length'];
    if (length !== undefined) {
      if (!/^\d+$/.test(length)) throw new Error(`bad length ${length}`);
      let left = Number(length);
      while (left > 0) {
        if (this.#size === 0) {
          if (this.ended) throw new Error('cut: closed before the declared length');
          await this.#change(timeout);
          continue;
        }
        const piece = this.take(Math.min(left, this.#size));
        left -= piece.length;
        yield piece;
      }
      return;
    }
    for (;;) {
      if (this.#size > 0) yield this.take();
      else if (this.reset) throw new Error('cut: reset inside a body that ends with the connection');
      else if (this.ended) return;
      else await this.#change(timeout);
    }
  }

  async response(options = {}) {
    const head = await this.head(options);
    if (!head) return null;
    const pieces = [];
    let cut = null;
    try {
      for await (const piece of this.body(head, options)) pieces.push(piece);
    } catch (error) {
      if (error instanceof Timeout) throw error;
      cut = error.message;
    }
    return { ...head, body: Buffer.concat(pieces), cut };
  }
}

export function parseHead(raw) {
  const lines = raw.split('\r\n');
  const match = /^HTTP\/1\.1 (\d{3})(?: ([^\r\n]*))?$/.exec(lines[0]);
  if (!match) throw new Error(`bad status line ${JSON.stringify(lines[0])}`);
  const headers = {};
  const pairs = [];
  for (const line of lines.slice(1)) {
    if (line === '') break;
    const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/.exec(line);
    if (!field) throw new Error(`bad header line ${JSON.stringify(line)}`);
    const name = field[1].toLowerCase();
    pairs.push([name, field[2]]);
    headers[name] = headers[name] === undefined ? field[2] : `${headers[name]}, ${field[2]}`;
  }
  return { status: Number(match[1]), reason: match[2] ?? '', headers, pairs, rawHead: raw };
}

// Head of a request with the usual fields; `headers` adds or (undefined) removes, in order.
export function requestBytes({ method = 'GET', path = '/', version = 'HTTP/1.1', headers = {}, body = null, key } = {}) {
  const all = { host: '127.0.0.1' };
  if (key) all.authorization = `Bearer ${key}`;
  if (body !== null) {
    body = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    all['content-type'] = 'application/json';
    all['content-length'] = String(body.length);
  }
  Object.assign(all, headers);
  let head = `${method} ${path} ${version}\r\n`;
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) head += `${name}: ${one}\r\n`;
  }
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body ?? Buffer.alloc(0)]);
}

// One request on a connection of its own.
export async function once(port, request, { timeout = 20_000, total = 60_000, secure, host } = {}) {
  const connection = await Connection.open(port, { secure, host });
  const timer = setTimeout(() => connection.destroy(), total); // an answer without end becomes a cut one
  try {
    await connection.write(requestBytes(request));
    const answer = await connection.response({ method: request.method ?? 'GET', timeout });
    if (!answer) throw new Error('the connection was closed without a response');
    answer.text = answer.body.toString('utf8');
    return answer;
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}

// The events of an SSE body by the rules of the WHATWG specification. `data` may span lines.
export function parseSse(bytes) {
  let text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes);
  if (text.startsWith('\uFEFF')) text = text.slice(1);
  const lines = text.split(/\r\n|\n|\r/);
  const events = [];
  const comments = [];
  let data = [];
  let type = '';
  for (const line of lines) {
    if (line === '') {
      if (data.length) events.push({ type: type || 'message', data: data.join('\n') });
      data = [];
      type = '';
    } else if (line.startsWith(':')) {
      comments.push(line.slice(1));
    } else {
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      let value = colon < 0 ? '' : line.slice(colon + 1);
      if (value.startsWith(' ')) value = value.slice(1);
      if (field === 'data') data.push(value);
      if (field === 'event') type = value;
    }
  }
  return { events, comments, dangling: data.length > 0 };
}

// What a chat client makes of a stream: text, finish reason, usage, error, ends.
export function readChatStream(bytes) {
  const { events, comments, dangling } = parseSse(bytes);
  const seen = { text: '', finish: null, usage: null, error: null, dones: 0, afterDone: 0, badJson: 0, events, comments, dangling };
  for (const { data } of events) {
    if (seen.dones > 0) seen.afterDone += data === '[DONE]' ? 0 : 1;
    if (data === '[DONE]') {
      seen.dones += 1;
      continue;
    }
    let chunk;
    try {
      chunk = JSON.parse(data);
    } catch {
      seen.badJson += 1;
      continue;
    }
    if (chunk?.error) seen.error = chunk.error;
    for (const choice of chunk?.choices ?? []) {
      seen.text += choice?.delta?.content ?? '';
      seen.finish = choice?.finish_reason ?? seen.finish;
    }
    if (chunk?.usage) seen.usage = chunk.usage;
  }
  return seen;
}
