// clang-tidy over core and providers. It is slow, so what was clean stays clean until the file, a
// header of ours that it includes, its command line or the checks change (build/tidy-cache).
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { inParallel, root } from './tree.mjs';

const build = path.join(root, 'build/dev');
const cache = path.join(root, 'build/tidy-cache');
const minutes = Number(process.env.GAIAROUTER_TIDY_MINUTES ?? 8);

// source -> the files of the project that its last compilation read, as ninja remembers them.
function dependencies() {
  const out = execFileSync('ninja', ['-C', build, '-t', 'deps'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const map = new Map();
  for (const block of out.split('\n\n')) {
    const names = block.split('\n').slice(1).map((line) => path.resolve(build, line.trim()));
    const source = names.find((name) => name.endsWith('.cpp'));
    if (source) map.set(source, names.filter((name) => name.startsWith(`${root}/`)).sort());
  }
  return map;
}

const contents = new Map();
function digest(name) {
  if (!contents.has(name)) contents.set(name, createHash('sha256').update(readFileSync(name)).digest('hex'));
  return contents.get(name);
}

function run(source) {
  return new Promise((resolve) => {
    const child = spawn('clang-tidy-19', ['-p', build, '--quiet', source], { cwd: root });
    let output = '';
    child.stdout.on('data', (data) => { output += data; });
    child.stderr.resume();
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (status) => resolve({ ok: status === 0, output }));
  });
}

export async function tidy() {
  if (!existsSync(path.join(build, 'compile_commands.json'))) throw new Error('build/dev is not configured');
  mkdirSync(cache, { recursive: true });
  const version = execFileSync('clang-tidy-19', ['--version'], { encoding: 'utf8' });
  const checks = readFileSync(path.join(root, '.clang-tidy'), 'utf8');
  const read = dependencies();
  const inLayers = new RegExp(`^${root}/(core|providers)/`);
  const commands = JSON.parse(readFileSync(path.join(build, 'compile_commands.json'), 'utf8'));
  const work = [];
  for (const { file, command } of commands.filter((entry) => inLayers.test(entry.file))) {
    const hash = createHash('sha256').update(`${version}\n${checks}\n${command}\n`);
    const folder = path.join(path.dirname(file), '.clang-tidy'); // adds to the checks of the root
    if (existsSync(folder)) hash.update(digest(folder));
    for (const name of read.get(file) ?? [file]) hash.update(`${name} ${existsSync(name) ? digest(name) : '-'}\n`);
    const stamp = path.join(cache, hash.digest('hex'));
    // Without a record of what it includes nothing can be said about last time.
    if (!read.has(file) || !existsSync(stamp)) work.push({ file, stamp });
  }
  const until = Date.now() + minutes * 60_000;
  const problems = [];
  let skipped = 0;
  await inParallel(work, Math.min(2, availableParallelism()), async ({ file, stamp }) => {
    if (Date.now() > until) {
      skipped += 1;
      return;
    }
    const { ok, output } = await run(file);
    if (ok) writeFileSync(stamp, '');
    else problems.push(...(output.match(/^\S+:\d+:\d+: (?:error|warning).*$/gm) ?? [`${file}: ${output.slice(-300)}`]));
  });
  if (skipped > 0) console.log(`note   clang-tidy: ${skipped} of ${work.length} files left for the next run (out of time)`);
  return [...new Set(problems)].map((line) => line.replace(`${root}/`, ''));
}
