// What may not stand in any file, how long files get, and that data files can be read at all.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { files, read, root } from './tree.mjs';

const isText = (name) => !/\.(png|ico|bin|gz|br|zst|woff2)$/.test(name) && !name.includes('/corpus/');
const isOurs = (name) => !name.endsWith('package-lock.json');

export function words() {
  // In pieces, so that this file does not find itself.
  const unfinished = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);
  const homes = /\/(?:home|Users)\/[a-z][\w.-]*\//; // tests may invent one
  const places = [];
  // The folder that holds this checkout, unless it is one that every machine has.
  const parent = path.dirname(root);
  if (!['/', '/root', '/tmp', '/src', '/opt', '/srv'].includes(parent)) {
    places.push(new RegExp(`${parent.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/`));
  }
  const problems = [];
  for (const name of files.filter((file) => isText(file) && isOurs(file))) {
    read(name)
      .split('\n')
      .forEach((line, index) => {
        if (unfinished.test(line)) problems.push(`${name}:${index + 1}: unfinished: ${line.trim().slice(0, 100)}`);
        const foreign = places.some((place) => place.test(line)) || (!name.startsWith('tests/') && homes.test(line));
        if (foreign) problems.push(`${name}:${index + 1}: a path of one machine`);
      });
  }
  return problems;
}

const linesMax = 400;

export function sizes() {
  return files
    .filter((name) => /^(core|providers|admin-ui)\/.*\.(cpp|hpp|ts|vue|css|html)$/.test(name))
    .map((name) => [name, read(name).split('\n').length - 1])
    .filter(([, lines]) => lines > linesMax)
    .map(([name, lines]) => `${name}: ${lines} lines; find the noun that wants out`);
}

export function lockfiles() {
  return files
    .filter((name) => name.endsWith('package-lock.json') && /"resolved": "https?:/.test(read(name)))
    .map((name) => `${name}: holds download addresses`);
}

export function parseable() {
  const problems = [];
  for (const name of files.filter(isText)) {
    if (name.endsWith('.json')) {
      try {
        JSON.parse(read(name));
      } catch (error) {
        problems.push(`${name}: ${error.message}`);
      }
    } else if (read(name).startsWith('#!/usr/bin/env bash') || /^scripts\/[\w-]+\.sh$/.test(name)) {
      const run = spawnSync('bash', ['-n', name], { cwd: root, encoding: 'utf8' });
      if (run.status !== 0) problems.push(`${name}: ${run.stderr.trim()}`);
    }
  }
  return problems;
}
