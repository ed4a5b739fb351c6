#!/usr/bin/env node
// `weir` under any Node ≥ 20: Weir is TypeScript, which Node 24 runs as it stands; an older one starts the workspace's own Node 24.
// Plain JavaScript for that reason, and without any import of the workspace before it is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const cli = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(cli));
const main = join(cli, 'src', 'main.ts');

const installer = join(root, 'tools', 'install.mjs');
if (existsSync(installer)) {
  const { status } = spawnSync(process.execPath, [installer], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED)
  await import(new URL('../src/main.ts', import.meta.url).href);
else startWith(join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node'));

/** @param {string} node */
function startWith(node) {
  if (!existsSync(node)) {
    process.stderr.write(
      `weir: needs Node ${NEEDED}, this is ${process.version} and ${node} is not there; run node tools/install.mjs\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  // A terminal sends Ctrl-C to both.
  process.on('SIGINT', (signal) => process.stdin.isTTY || forward(signal));
  child.on('error', (error) => {
    process.stderr.write(`weir: ${node} cannot be started: ${error.message}; run node tools/install.mjs\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)));
}
