// Usage rows as the gateway stored them, read beside it through a read-only connection.
import { DatabaseSync } from 'node:sqlite';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { sleep } from './raw.mjs';

export function databasePath(data) {
  return path.join(data, 'gaiarouter.db');
}

const plain = (value) => (typeof value === 'bigint' && value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value);

export function readRows(data) {
  const file = databasePath(data);
  if (!existsSync(file)) return [];
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.exec('PRAGMA busy_timeout = 5000');
    const all = db.prepare('SELECT * FROM usage_rows ORDER BY started_at');
    all.setReadBigInts(true); // ids are 64 bits wide
    return all.all().map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, name === 'id' ? String(value) : plain(value)])));
  } finally {
    db.close();
  }
}

// Polls until `ready(rows)` is truthy; returns the rows in any case, so that the assertion that
// follows shows what was there.
export async function waitRows(data, ready, timeout = 5000) {
  const until = performance.now() + timeout;
  for (;;) {
    let rows = [];
    try {
      rows = readRows(data);
    } catch (error) {
      // Busy or not yet migrated: later. Anything else is a mistake of the test.
      if (error.code !== 'ERR_SQLITE_ERROR' || performance.now() > until) throw error;
    }
    if (ready(rows) || performance.now() > until) return rows;
    await sleep(25);
  }
}

// The rows of one asked model, once `count` of them are there.
export async function rowsOf(data, model, count = 1, timeout = 5000) {
  const mine = (rows) => rows.filter((row) => row.model_asked === model);
  return mine(await waitRows(data, (rows) => mine(rows).length >= count, timeout));
}

export function integrity(data) {
  const db = new DatabaseSync(databasePath(data), { readOnly: true });
  try {
    const answers = db.prepare('PRAGMA integrity_check').all().map((row) => Object.values(row)[0]);
    const strangers = db.prepare('PRAGMA foreign_key_check').all();
    return { answers, strangers, ok: answers.length === 1 && answers[0] === 'ok' && strangers.length === 0 };
  } finally {
    db.close();
  }
}
