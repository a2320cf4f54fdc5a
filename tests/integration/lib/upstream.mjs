// The fault-injecting upstream: raw sockets, so that every byte of an answer is chosen here. The model
// name of a request picks the behaviour: `name` or `name.x1.y2`, where the dotted words are parameters
// (a letter and digits) or any tag that keeps a test's rows apart.
import net from 'node:net';
import tls from 'node:tls';
import { ordinary } from './faults/ordinary.mjs';
import { heads } from './faults/heads.mjs';
import { bodies } from './faults/bodies.mjs';
import { streams } from './faults/streams.mjs';

export const behaviours = { ...ordinary, ...heads, ...bodies, ...streams };

// Thrown out of a behaviour when the gateway has gone away meanwhile.
export class Gone extends Error {}

// One request and the answer to it.
export class Exchange {
  constructor(connection, request, upstream) {
    Object.assign(this, request);
    this.connection = connection;
    this.upstream = upstream;
    this.socket = connection.socket;
    this.state = 'open'; // then completed, or aborted when the gateway left first
    this.started = performance.now();
    this.events = 0; // content events written
    this.bytes = 0;
    this.keep = true; // the connection may carry another request
  }
  get gone() {
    return this.connection.gone;
  }
  async write(data) {
    if (this.gone) throw new Gone();
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.bytes += bytes.length;
    this.upstream.stats.bytes += bytes.length;
    if (!this.socket.write(bytes)) await this.connection.drained();
    if (this.gone) throw new Gone();
  }
  async sleep(ms) {
    if (await this.connection.goneWithin(ms)) throw new Gone();
  }
  // Says nothing more until the gateway gives up; the connection stays open.
  async hold() {
    this.keep = false;
    for (;;) await this.sleep(60_000);
  }
  reset() {
    this.keep = false;
    this.socket.resetAndDestroy();
  }
  async close() {
    this.keep = false;
    await new Promise((done) => this.socket.end(done));
    this.socket.destroy();
  }
  async head(status, headers = {}, reason = 'OK') {
    let head = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      for (const one of [].concat(value)) head += `${name}: ${one}\r\n`;
    }
    await this.write(`${head}\r\n`);
  }
  async whole(status, body, headers = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    await this.head(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
    await this.write(bytes);
  }
  async chunk(data) {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data);
    await this.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]));
  }
  async lastChunk() {
    await this.write('0\r\n\r\n');
  }
  async streamHead(headers = {}) {
    await this.head(200, { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked', ...headers });
  }
  async event(data) {
    await this.chunk(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  }
  get includeUsage() {
    return this.json?.stream_options?.include_usage === true;
  }
}

class UpstreamConnection {
  #buffers = [];
  #size = 0;
  #wake = null;
  #goneWaiters = new Set();

  constructor(socket, upstream) {
    this.socket = socket;
    this.upstream = upstream;
    this.gone = false;
    this.served = 0;
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      this.#buffers.push(data);
      this.#size += data.length;
      this.#wake?.();
    });
    socket.on('error', () => this.#leave());
    socket.on('end', () => this.#leave());
    socket.on('close', () => this.#leave());
  }
  #leave() {
    if (this.gone) return;
    this.gone = true;
    this.goneAt = performance.now();
    for (const waiter of this.#goneWaiters) waiter();
    this.#wake?.();
    this.socket.destroy();
  }
  goneWithin(ms) {
    if (this.gone) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#goneWaiters.delete(done);
        resolve(this.gone);
      };
      const timer = setTimeout(done, ms);
      this.#goneWaiters.add(done);
    });
  }
  drained() {
    if (this.gone) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#goneWaiters.delete(done);
        this.socket.off('drain', done);
        resolve();
      };
      this.#goneWaiters.add(done);
      this.socket.once('drain', done);
    });
  }
  #all() {
    if (this.#buffers.length > 1) this.#buffers = [Buffer.concat(this.#buffers)];
    return this.#buffers[0] ?? Buffer.alloc(0);
  }
  #take(n) {
    const all = this.#all();
    const rest = all.subarray(n);
    this.#buffers = rest.length ? [rest] : [];
    this.#size = rest.length;
    return all.subarray(0, n);
  }
  async #more() {
    if (this.gone) return false;
    await new Promise((resolve) => (this.#wake = resolve));
    this.#wake = null;
    return true;
  }
  async readRequest() {
    let at;
    while ((at = this.#size ? this.#all().indexOf('\r\n\r\n') : -1) < 0) {
      if (!(await this.#more())) return null;
    }
    const rawHead = this.#take(at + 4).toString('latin1');
    const lines = rawHead.split('\r\n');
    const [method, target] = lines[0].split(' ');
    const headers = {};
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      if (colon < 0) continue;
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    const begun = performance.now();
    let body = Buffer.alloc(0);
    if (headers['transfer-encoding'] === 'chunked') {
      const pieces = [];
      for (;;) {
        let end;
        while ((end = this.#size ? this.#all().indexOf('\r\n') : -1) < 0) if (!(await this.#more())) return null;
        const size = parseInt(this.#take(end + 2).toString('latin1'), 16);
        while (this.#size < size + 2) if (!(await this.#more())) return null;
        const piece = this.#take(size + 2).subarray(0, size);
        if (size === 0) break;
        pieces.push(piece);
      }
      body = Buffer.concat(pieces);
    } else if (headers['content-length'] !== undefined) {
      const length = Number(headers['content-length']);
      while (this.#size < length) if (!(await this.#more())) return null;
      body = this.#take(length);
    }
    let json = null;
    try {
      json = JSON.parse(body.toString('utf8'));
    } catch {
      // not JSON: the behaviour decides
    }
    return { rawHead, method, target, headers, body, json, begun };
  }
}

export class Upstream {
  constructor(options) {
    this.options = options;
    this.exchanges = []; // the last `keep` of them, oldest first
    this.stats = { connections: 0, open: 0, requests: 0, streams: 0, completed: 0, aborted: 0, bytes: 0 };
    this.counters = new Map(); // for behaviours that differ from call to call
    this.sockets = new Set();
    this.canary = { connections: 0, requests: [] };
  }
  get url() {
    return `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}/v1`;
  }
  get last() {
    return this.exchanges.at(-1);
  }
  of(model) {
    return this.exchanges.filter((exchange) => exchange.model === model);
  }
  count(name) {
    const next = (this.counters.get(name) ?? 0) + 1;
    this.counters.set(name, next);
    return next;
  }
  reset() {
    this.exchanges.length = 0;
    for (const name of Object.keys(this.stats)) if (name !== 'open') this.stats[name] = 0;
  }

  async listen() {
    const serve = (socket) => this.#serve(socket);
    // allowHalfOpen: a FIN of the gateway is seen as such and answered by us.
    this.server = this.options.tls
      ? tls.createServer({ ...this.options.tls, allowHalfOpen: true }, serve)
      : net.createServer({ allowHalfOpen: true }, serve);
    this.server.on('tlsClientError', () => {});
    // Also the sockets whose TLS handshake never ends.
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise((done) => this.server.listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1', 4096, done));
    this.port = this.server.address().port;
    this.canaryServer = net.createServer((socket) => {
      this.canary.connections += 1;
      socket.on('error', () => {});
      socket.on('data', (data) => {
        this.canary.requests.push(data.toString('latin1').slice(0, 2000));
        socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{"canary": "hit"}');
      });
    });
    await new Promise((done) => this.canaryServer.listen(0, '127.0.0.1', done));
    this.canaryPort = this.canaryServer.address().port;
    return this;
  }
  async close() {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all([this.server, this.canaryServer].map((server) => new Promise((done) => server.close(done))));
  }

  async #serve(socket) {
    this.stats.connections += 1;
    this.stats.open += 1;
    socket.on('close', () => (this.stats.open -= 1));
    const connection = new UpstreamConnection(socket, this);
    for (;;) {
      const request = await connection.readRequest();
      if (!request) return;
      connection.served += 1;
      const exchange = new Exchange(connection, request, this);
      const model = String(request.json?.model ?? '');
      const [name, ...words] = model.split('.');
      Object.assign(exchange, { model, name, n: (this.stats.requests += 1) });
      exchange.stream = request.json?.stream === true;
      exchange.parameter = (letter, otherwise) => {
        const word = words.find((one) => new RegExp(`^${letter}\\d+$`).test(one));
        return word ? Number(word.slice(1)) : otherwise;
      };
      if (exchange.stream) this.stats.streams += 1;
      this.exchanges.push(exchange);
      if (this.exchanges.length > (this.options.keep ?? 5000)) this.exchanges.shift();
      const behave = this.options.behaviours?.[name] ?? behaviours[name] ?? behaviours.ok;
      try {
        await behave(exchange);
        exchange.state = 'completed';
        this.stats.completed += 1;
      } catch (error) {
        if (!(error instanceof Gone)) {
          console.error(`upstream behaviour ${model}:`, error);
        }
        exchange.state = 'aborted';
        exchange.abortedAt = connection.goneAt ?? performance.now();
        this.stats.aborted += 1;
      }
      exchange.ended = performance.now();
      if (!exchange.keep || connection.gone || /\bclose\b/i.test(request.headers.connection ?? '')) {
        socket.destroySoon();
        return;
      }
    }
  }
}

export function startUpstream(options = {}) {
  return new Upstream(options).listen();
}
