/**
 * What a newcomer waits: a fresh clone to the first drift alert with nothing cached, as `npm run newcomer` measures it.
 * Home, npm's cache and pnpm's store are empty folders; only the user's npm configuration (which registry) is kept.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT_SECONDS = 120;
const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'weir-newcomer-'));
const home = join(work, 'home');
mkdirSync(home);
const userConfig = process.env['NPM_CONFIG_USERCONFIG'] ?? join(homedir(), '.npmrc');
// npm run passes its own settings down; a newcomer's shell has none of them, nor our node_modules on the path.
const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|INIT_CWD|XDG_)/i.test(name));
const env = {
  ...Object.fromEntries(inherited),
  PATH: (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':'),
  HOME: home,
  WEIR_HTTP_PORT: '0',
  ...(existsSync(userConfig) ? { NPM_CONFIG_USERCONFIG: userConfig } : {}),
};
const step = (program: string, args: readonly string[], cwd: string): void => {
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${error?.message ?? status}`);
};
try {
  const started = performance.now();
  step('git', ['clone', '--quiet', root, join(work, 'weir')], work);
  step('npm', ['start', '--', '--until', 'first-alert'], join(work, 'weir'));
  const seconds = (performance.now() - started) / 1_000;
  console.log(`fresh clone to first drift alert, cold cache: ${seconds.toFixed(1)} s (bar ${LIMIT_SECONDS} s)`);
  process.exitCode = seconds <= LIMIT_SECONDS ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
