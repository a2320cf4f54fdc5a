// Which files are the project's, and what is in them.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const notOurs = new Set(['.git', 'build', 'node_modules', '.tools']);

function walk(folder, found = []) {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (notOurs.has(entry.name)) continue;
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(name, found);
    else if (entry.isFile()) found.push(name);
  }
  return found;
}

// Tracked files and new ones that are not ignored; an unpacked archive has no git and is walked.
function list() {
  if (!existsSync(path.join(root, '.git'))) return walk('');
  const out = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return [...new Set(out.split('\0'))].filter((name) => {
    const file = name && lstatSync(path.join(root, name), { throwIfNoEntry: false });
    return file && file.isFile();
  });
}

export const files = list().sort();
export const read = (name) => readFileSync(path.join(root, name), 'utf8');
export const isCpp = (name) => /\.(cpp|hpp)$/.test(name);

// fn over items, `width` at a time.
export async function inParallel(items, width, fn) {
  const left = [...items];
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (left.length > 0) await fn(left.shift());
    }),
  );
}
