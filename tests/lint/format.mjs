import { spawnSync } from 'node:child_process';
import { files, isCpp, root } from './tree.mjs';

export function format() {
  const run = spawnSync('clang-format-19', ['--dry-run', '--Werror', ...files.filter(isCpp)], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.error) throw run.error;
  if (run.status === 0) return [];
  const wrong = new Set([...run.stderr.matchAll(/^(\S+?):\d+:\d+: error/gm)].map((match) => match[1]));
  return wrong.size > 0 ? [...wrong].map((name) => `${name}: clang-format-19 -i ${name}`) : [run.stderr];
}
