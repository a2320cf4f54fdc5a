// Starts and stops the real binary. Each gateway has its own data folder, configuration and port, so
// test files run beside each other in any order.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { once, sleep } from './raw.mjs';
import { integrity } from './rows.mjs';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = process.env.GAIAROUTER_BIN ?? path.join(repository, 'build/release/gaiarouter');
// Bigger numbers for a soak, smaller ones for a quick look.
export const scale = Number(process.env.GAIAROUTER_SCALE ?? 1);
export const scaled = (n, least = 1) => Math.max(least, Math.round(n * scale));
// Sanitizers and busy machines are slower: waits are bounds against hanging, not figures.
export const patience = Number(process.env.GAIAROUTER_PATIENCE ?? 1);
// The memory of a sanitizer's process says little: shadow, red zones, quarantine.
export const memorySlack = patience > 1 ? 12 : 1;

export const upstreamKey = 'sk-upstream-CANARYcanaryCANARY0123456789';

// A test that fails leaves its gateway behind: none outlives this process.
const living = new Set();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => process.exit(1));

// The environment of this process must not make providers or presets appear.
function cleanEnvironment() {
  const env = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS']) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  return env;
}

export function temporaryFolder(label = 'gaia') {
  return mkdtempSync(path.join(tmpdir(), `${label}-`));
}

export function makeKey() {
  return `test-admin-key-${randomBytes(24).toString('hex')}`;
}

// The configuration that most tests want: everything to one upstream. JSON is YAML.
export function configFor(upstream, { server = {}, provider = {}, providers, models, ...rest } = {}) {
  return {
    server: { listen: '127.0.0.1:0', threads: 2, ...server },
    providers: providers ?? [
      { name: 'local', vendor: 'openai', base_url: upstream.url, api_key: upstreamKey, ...provider },
    ],
    models: models ?? [{ name: '*', provider: providers?.[0]?.name ?? 'local' }],
    ...rest,
  };
}

// The address in the first lines that the process prints.
export function listeningAddress(output) {
  for (const line of output.split('\n')) {
    if (!/listening/i.test(line)) continue;
    const match = /(https?):\/\/(\[[0-9a-f:]+\]|[0-9.]+):(\d+)/.exec(line);
    if (match) return { scheme: match[1], host: match[2], port: Number(match[3]) };
  }
  return null;
}

export class Gateway {
  constructor(options) {
    Object.assign(this, options);
    this.stdout = '';
    this.stderr = '';
    this.exit = null;
  }

  get output() {
    return this.stdout + this.stderr;
  }
  get url() {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }
  get running() {
    return this.exit === null;
  }

  // One call with the admin key unless told otherwise.
  call(request, options) {
    return once(this.port, { key: this.key, ...request }, { secure: this.secure, ...options });
  }
  chat(body, { headers, key, ...options } = {}) {
    return this.call(
      { method: 'POST', path: '/v1/chat/completions', body, headers, ...(key === undefined ? {} : { key }) },
      options,
    );
  }
  // A good request still works: the last step of every hostile test.
  async assertHealthy(model = 'ok') {
    const answer = await this.chat({ model, messages: [{ role: 'user', content: 'hi' }] });
    assert.equal(answer.status, 200, `a good request afterwards: ${answer.text}`);
    assert.equal(answer.cut, null);
    return answer;
  }

  signal(name) {
    this.child.kill(name);
  }
  async waitExit(timeout = 45_000) {
    const until = performance.now() + timeout * patience;
    while (this.exit === null) {
      if (performance.now() > until) {
        this.child.kill('SIGKILL');
        throw new Error(`the gateway did not end in ${timeout} ms\n${this.output.slice(-2000)}`);
      }
      await sleep(10);
    }
    return this.exit;
  }
  async kill() {
    this.child.kill('SIGKILL');
    return this.waitExit();
  }
  // SIGTERM, exit 0, and a database in order. The data folder goes unless it is to be kept.
  async stop({ keep = this.keep, check = true } = {}) {
    if (this.exit === null) {
      this.child.kill('SIGTERM');
      await this.waitExit();
    }
    try {
      assert.deepEqual(this.exit, { code: 0, signal: null }, `exit after SIGTERM\n${this.output.slice(-3000)}`);
      if (check) assert.ok(integrity(this.data).ok, 'integrity_check');
    } finally {
      if (!keep) rmSync(this.folder, { recursive: true, force: true });
    }
  }
  memory() {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
  }
  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}

// Options: config (object or text; none: no file), env, args, data (reuse a folder), key (null: no
// preset), expectExit (do not wait for readiness), launcher (words to put before the binary).
export async function startGateway({
  config = null,
  env = {},
  args = [],
  folder = temporaryFolder(),
  key = makeKey(),
  expectExit = false,
  keep = false,
  launcher = [],
  secure = null,
  ready = 15_000,
} = {}) {
  const data = path.join(folder, 'data');
  const file = path.join(folder, 'gaiarouter.yaml');
  const words = ['serve', '--data', data];
  if (config !== null) {
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, null, 2));
    words.push('--config', file);
  } else {
    words.push('--listen', '127.0.0.1:0');
  }
  words.push(...args);
  const command = [...launcher, binary, ...words];
  const child = spawn(command[0], command.slice(1), {
    cwd: folder,
    env: { ...cleanEnvironment(), ...(key ? { GAIAROUTER_ADMIN_KEY: key } : {}), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  const gateway = new Gateway({ child, folder, data, file, key, keep, secure, args, env });
  child.stdout.on('data', (bytes) => (gateway.stdout += bytes));
  child.stderr.on('data', (bytes) => (gateway.stderr += bytes));
  child.on('error', (error) => {
    gateway.stderr += String(error);
    gateway.exit = { code: 127, signal: null };
  });
  const closed = new Promise((done) => child.on('close', done));
  child.on('exit', async (code, signal) => {
    living.delete(child);
    // Not before the pipes are read to their end, or the last lines would be missing.
    await Promise.race([closed, sleep(1000)]);
    gateway.exit = { code, signal };
  });
  if (expectExit) {
    await gateway.waitExit(ready);
    return gateway;
  }
  const until = performance.now() + ready * patience;
  for (;;) {
    const address = listeningAddress(gateway.output);
    if (address) {
      Object.assign(gateway, address);
      break;
    }
    if (gateway.exit !== null || performance.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the gateway did not start: ${JSON.stringify(gateway.exit)}\n${gateway.output.slice(-4000)}`);
    }
    await sleep(5);
  }
  for (;;) {
    try {
      const answer = await once(gateway.port, { path: '/health/ready' }, { secure, timeout: 5000 });
      if (answer.status === 200) return gateway;
    } catch {
      // not yet
    }
    if (gateway.exit !== null || performance.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the gateway did not become ready\n${gateway.output.slice(-4000)}`);
    }
    await sleep(10);
  }
}

// A run of the command line that ends by itself.
export async function runCommand(words, { env = {}, cwd, timeout = 20_000 } = {}) {
  const child = spawn(binary, words, { cwd, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes) => (stdout += bytes));
  child.stderr.on('data', (bytes) => (stderr += bytes));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout * patience);
  const [code, signal] = await new Promise((done) => child.on('close', (...how) => done(how)));
  clearTimeout(timer);
  return { code, signal, stdout, stderr, output: stdout + stderr };
}

export function allFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

// The error object as every client of the OpenAI API reads it: all four members, JSON, nothing more.
export function assertErrorShape(answer, { status, type, code, param, exactParam = false } = {}) {
  const text = answer.body.toString('utf8');
  if (status !== undefined) {
    const allowed = [].concat(status);
    assert.ok(allowed.includes(answer.status), `status ${answer.status}, expected ${allowed.join(' or ')}: ${text.slice(0, 300)}`);
  }
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/, 'content type of an error');
  const { error } = JSON.parse(text);
  assert.ok(error, `no error member in ${text.slice(0, 300)}`);
  for (const member of ['message', 'type', 'param', 'code']) assert.ok(member in error, `error.${member} is missing`);
  assert.equal(typeof error.message, 'string');
  assert.ok(error.message.length > 0, 'an empty message');
  assert.equal(typeof error.type, 'string');
  if (type !== undefined) assert.ok([].concat(type).includes(error.type), `type ${error.type}, expected ${type}`);
  if (code !== undefined) assert.ok([].concat(code).includes(error.code), `code ${error.code}, expected ${code}: ${error.message}`);
  if (param !== undefined) assert.equal(error.param, param, `param of ${text.slice(0, 300)}`);
  assert.ok(answer.headers['x-request-id'], 'x-request-id');
  return error;
}
