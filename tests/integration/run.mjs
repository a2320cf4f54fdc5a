// Runs the test files, two at a time, and ends with the line "N passed, N failed".
//   node tests/integration/run.mjs [WORD...]     only files whose name has one of the words
// GAIAROUTER_SUITES may hold the words too. GAIAROUTER_BIN names the binary.
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary } from './lib/gateway.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const words = process.argv.length > 2 ? process.argv.slice(2) : (process.env.GAIAROUTER_SUITES ?? '').split(/\s+/).filter(Boolean);
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --no-warnings`;
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs') && (words.length === 0 || words.some((word) => name.includes(word))))
  .sort()
  .map((name) => path.join(folder, name));

if (!existsSync(binary)) {
  console.log(`there is no binary at ${binary}`);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
if (files.length === 0) {
  console.log('no test file has such a name');
  console.log('0 passed, 1 failed');
  process.exit(1);
}

let passed = 0;
let failed = 0;
let skipped = 0;
const failures = [];
const stream = run({ files, concurrency: Number(process.env.GAIAROUTER_TEST_CONCURRENCY ?? 2), timeout: Number(process.env.GAIAROUTER_TEST_TIMEOUT_MS ?? 900_000) });
const isSuite = (event) => event.details?.type === 'suite' || (event.file === undefined ? false : event.name === event.file || files.includes(path.resolve(event.name)));
stream.on('test:pass', (event) => {
  if (event.details?.type === 'suite') return;
  if (event.skip !== undefined && event.skip !== false) skipped += 1;
  else if (!isSuite(event)) passed += 1;
});
stream.on('test:fail', (event) => {
  // A suite fails with its tests; a hook or a file that fails by itself counts.
  const inner = event.details?.error?.failureType ?? event.details?.error?.cause?.failureType;
  if (inner === 'subtestsFailed') return;
  failed += 1;
  failures.push(`${path.basename(event.file ?? '')}: ${event.name}`);
});
stream.compose(new spec()).pipe(process.stdout, { end: false });
stream.on('end', () => {
  setTimeout(() => {
    for (const one of failures) console.log(`failed: ${one}`);
    if (skipped) console.log(`${skipped} skipped`);
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed ? 1 : 0);
  }, 200);
});
