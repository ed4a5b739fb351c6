// Installs the workspace when the lockfile changed since the last install; otherwise returns at once.
// Runs under any Node ≥ 20 before the `node` devDependency exists, hence plain JavaScript and no import of ours.
// Everything it says goes to stderr: stdout belongs to the command that follows (`npm run --silent weir`).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = join(root, 'pnpm-lock.yaml');
const installed = join(root, 'node_modules', '.pnpm', 'lock.yaml'); // pnpm's own record of what is in place

const current = existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(wanted, 'utf8');
if (!current) {
  process.stderr.write('weir: installing dependencies (first run, or the lockfile changed) …\n');
  const windows = process.platform === 'win32';
  const result = spawnSync('npx', ['-y', 'pnpm@12', 'install', '--frozen-lockfile'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: windows,
    // CI=true keeps pnpm from asking before it replaces a stale node_modules.
    env: { ...process.env, CI: 'true' },
  });
  if (result.error || result.status !== 0) {
    process.stderr.write(
      `weir: the install failed (${result.error?.message ?? `exit ${result.status}`}). It needs npm and a package registry; ` +
        'run `npx -y pnpm@12 install --frozen-lockfile` to see why.\n',
    );
    process.exit(1);
  }
}
