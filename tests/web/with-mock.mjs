// Runs the walk against the mock of the hub.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const mock = spawn(process.execPath, [path('../../web/mock/server.mjs'), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(createInterface(mock.stdout), 'line');
const { url, token } = JSON.parse(line);
const walk = spawn(process.execPath, ['--test', '--test-concurrency=1', ...process.argv.slice(2), path('walk.test.mjs')], {
  stdio: 'inherit',
  env: { ...process.env, UKAI_URL: url, UKAI_TOKEN: token },
});
const [code] = await once(walk, 'exit');
mock.kill();
process.exit(code ?? 1);
