// kill -9 under load, again and again on one data folder, and the books afterwards: the rows of the
// database against what the upstream and the clients saw. Also called with bigger numbers by a soak.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { startUpstream } from './upstream.mjs';
import { startGateway, configFor, makeKey, runCommand, temporaryFolder, patience } from './gateway.mjs';
import { Connection, requestBytes, readChatStream, sleep } from './raw.mjs';
import { waitRows, integrity } from './rows.mjs';
import { quantile } from './measure.mjs';

export async function runKills({ kills = 50, streams = 12, wholes = 6, seed = Date.now() % 100_000, log = console.log } = {}) {
  const upstream = await startUpstream({ keep: 1e9 });
  const folder = temporaryFolder('gaia-kill');
  const key = makeKey();
  const config = configFor(upstream, { server: { timeouts: { drain: '5s' } } });
  const start = () => startGateway({ config, folder, key, keep: true });
  const asked = new Map(); // model -> { sent, complete, status, tokens }
  const starts = [];
  const createdKeys = [];
  let n = 0;
  let random = seed;
  const next = () => (random = (random * 1103515245 + 12345) % 2147483648) / 2147483648;
  log(`# kill run: ${kills} kills, seed ${seed}`);

  // One request; what its client could see of its end.
  async function ask(port, kind) {
    n += 1;
    const events = 1 + Math.floor(next() * 8);
    const model = kind === 'stream' ? `stream.n${events}.g${5 + Math.floor(next() * 20)}.k${n}` : `stream.n1.g${Math.floor(next() * 30)}.k${n}`;
    const note = { sent: false, complete: false, status: null, tokens: kind === 'stream' ? events : 1 };
    asked.set(model, note);
    let client;
    try {
      client = await Connection.open(port);
      note.sent = true;
      await client.write(requestBytes({ method: 'POST', path: '/v1/chat/completions', key, body: { model, stream: kind === 'stream', messages: [{ role: 'user', content: 'count for me' }] } }));
      const answer = await client.response({ timeout: 10_000 });
      if (answer) {
        note.status = answer.status;
        note.complete = answer.cut === null && (kind !== 'stream' || readChatStream(answer.body).dones === 1);
      }
    } catch {
      // killed in between: the books will show
    } finally {
      client?.destroy();
    }
  }

  try {
    for (let i = 0; i < kills; i += 1) {
      const begun = performance.now();
      const gateway = await start();
      starts.push(performance.now() - begun);
      let killed = false;
      const worker = async (kind) => {
        while (!killed) {
          await ask(gateway.port, kind);
          if (kind === 'whole') await sleep(2);
        }
      };
      const workers = [...Array.from({ length: streams }, () => worker('stream')), ...Array.from({ length: wholes }, () => worker('whole'))];
      if (i % 10 === 5) {
        // An administrative write that was acknowledged must be there afterwards.
        const name = `kill-${i}`;
        const made = await runCommand(['keys', 'create', '--data', gateway.data, '--name', name, '--json'], { env: { GAIAROUTER_ADMIN_KEY: key } });
        if (made.code === 0) createdKeys.push(name);
        else log(`# keys create while running: ${made.code} ${made.output.slice(0, 300)}`);
      }
      await sleep(40 + next() * 260);
      gateway.signal('SIGKILL');
      killed = true;
      await gateway.waitExit();
      await Promise.all(workers);
    }
    const gateway = await start();
    const seen = new Map(); // by model, at the upstream
    for (const exchange of upstream.exchanges) seen.set(exchange.model, [...(seen.get(exchange.model) ?? []), exchange]);
    const wanted = [...asked].filter(([model, note]) => seen.has(model) || note.complete).length;
    const rows = await waitRows(gateway.data, (all) => all.length >= wanted, 10_000);
    const good = integrity(gateway.data);
    await gateway.assertHealthy();
    const list = await runCommand(['keys', 'list', '--data', gateway.data, '--json']);
    await gateway.stop();

    const byModel = new Map();
    for (const row of rows) byModel.set(row.model_asked, [...(byModel.get(row.model_asked) ?? []), row]);
    const problems = [];
    const states = {};
    for (const [model, note] of asked) {
      const mine = byModel.get(model) ?? [];
      const exchanges = seen.get(model) ?? [];
      if (mine.length > 1) problems.push(`${model}: ${mine.length} rows`);
      if (exchanges.length > 1) problems.push(`${model}: asked ${exchanges.length} times upstream`);
      if (exchanges.length && mine.length === 0) problems.push(`${model}: went upstream (${exchanges[0].state}) and has no row`);
      if (note.complete && note.status === 200) {
        const row = mine[0];
        if (!row) problems.push(`${model}: its client saw the end, and there is no row`);
        else if (row.state !== 'completed' || row.completion_tokens !== note.tokens || row.usage_source !== 'reported') {
          problems.push(`${model}: its client saw the end, and its row is ${row.state}, ${row.completion_tokens} of ${note.tokens} tokens, ${row.usage_source}`);
        }
      }
      for (const row of mine) {
        states[row.state] = (states[row.state] ?? 0) + 1;
        if (row.state === 'completed' && exchanges[0]?.state !== 'completed') problems.push(`${model}: recorded as completed, but the upstream was ${exchanges[0]?.state}`);
        if (!['completed', 'interrupted', 'client_left', 'failed'].includes(row.state)) problems.push(`${model}: state ${row.state}`);
        if (row.state === 'interrupted' && !(row.prompt_tokens > 0)) problems.push(`${model}: interrupted without a lower bound`);
      }
    }
    for (const row of rows) if (!asked.has(row.model_asked) && row.model_asked !== 'ok') problems.push(`a row of nobody: ${row.model_asked}`);
    for (const name of createdKeys) if (!list.output.includes(name)) problems.push(`the key ${name} was acknowledged and is gone`);
    log(`# ${asked.size} requests, ${upstream.exchanges.length} upstream, ${rows.length} rows ${JSON.stringify(states)}, keys ${createdKeys.length}; ready after p50 ${quantile(starts, 0.5).toFixed(0)} ms, most ${Math.max(...starts).toFixed(0)} ms`);
    assert.ok(good.ok, `integrity: ${JSON.stringify(good)}`);
    assert.deepEqual(problems.slice(0, 20), [], `${problems.length} problems, seed ${seed}`);
    assert.ok((states.completed ?? 0) > kills && (states.interrupted ?? 0) > 0, `the load was too thin: ${JSON.stringify(states)}`);
    assert.ok(Math.max(...starts) <= 5000 * patience, 'ready too late');
    return { requests: asked.size, rows: rows.length, states };
  } finally {
    await upstream.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
