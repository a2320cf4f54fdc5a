// Checks of the text of the project, not of its behaviour: format, layering, words, sizes, clang-tidy.
//   node tests/lint/run.mjs [check...]
import { format } from './format.mjs';
import { layers } from './layers.mjs';
import { tidy } from './tidy.mjs';
import { lockfiles, parseable, sizes, words } from './text.mjs';

const checks = { format, layers, words, sizes, lockfiles, parseable, tidy };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(checks)) {
  let problems;
  try {
    problems = await checks[name]();
  } catch (error) {
    problems = [`could not run: ${error.message}`];
  }
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} lint ${name}`);
  for (const problem of problems.slice(0, 40)) console.log(`       ${problem}`);
  if (problems.length > 40) console.log(`       and ${problems.length - 40} more`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
