// C-01: kill -9 at random moments. GAIAROUTER_KILLS sets how many.
import { test } from 'node:test';
import { runKills } from './lib/kill-run.mjs';

test('C-01 kill -9 under load loses and doubles nothing', { timeout: 1_800_000 }, () => runKills({ kills: Number(process.env.GAIAROUTER_KILLS ?? 50) }));
