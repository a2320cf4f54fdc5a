// The table of core/README.md, applied to every #include.
import { files, isCpp, read } from './tree.mjs';

function table() {
  const rows = new Map();
  for (const line of read('core/README.md').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const name = /^`(?:\.\.\/)?([\w/*]+)`$/.exec(cells[1] ?? '')?.[1];
    if (!name) continue;
    rows.set(name.replace('/*', ''), {
      everything: cells[2] === 'everything',
      may: new Set(cells[2].match(/[a-z]+/g) ?? []),
      asio: cells[3],
    });
  }
  return rows;
}

const shared = new Set(['catalog', 'auth', 'quirks']); // folders of providers that a dialect may use

function ofProviders(from, to) {
  const [, mine] = from.split('/');
  const [, other, inside] = to.split('/');
  const isFolder = inside !== undefined;
  if (!isFolder || mine === other || from.split('/').length === 2) return null;
  return mine === 'registry' || shared.has(other) ? null : `one dialect from another`;
}

function mayUseAsio(rule, name) {
  if (rule.asio === 'yes') return true;
  const prefix = /^`?(\w+)\.\*`?$/.exec(rule.asio)?.[1];
  return prefix !== undefined && name.split('/').at(-1).startsWith(`${prefix}.`);
}

export function layers() {
  const rows = table();
  if (rows.size < 10) throw new Error('no table of layers in core/README.md');
  const problems = [];
  for (const name of files.filter((file) => isCpp(file) && /^(core|providers)\//.test(file))) {
    const layer = name.startsWith('core/') ? name.split('/')[1] : 'providers';
    const rule = rows.get(layer);
    if (!rule) {
      problems.push(`${name}: its folder is not in the table`);
      continue;
    }
    for (const [, quoted, system] of read(name).matchAll(/^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)/gm)) {
      if (system !== undefined) {
        if (/^boost\/(asio|beast)/.test(system) && !mayUseAsio(rule, name)) {
          problems.push(`${name}: ${system} in a folder without Asio`);
        }
        continue;
      }
      const [top, folder] = quoted.split('/');
      if (top !== 'core' && top !== 'providers') continue; // generated beside the layer
      const other = top === 'providers' ? 'providers' : folder;
      if (layer === 'providers' && other === 'providers') {
        const why = ofProviders(name, quoted);
        if (why) problems.push(`${name}: ${quoted}: ${why}`);
      } else if (other !== layer && !rule.everything && !rule.may.has(other)) {
        problems.push(`${name}: ${quoted}: ${layer} may not include ${other}`);
      }
    }
  }
  return problems;
}
