/** `weir` as the README prints it, under the Node of this test and under an older one where the machine has it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';

const BIN = join(import.meta.dirname, '../bin/weir.mjs');
const ROOT = join(import.meta.dirname, '../../..');
/** Outside the workspace: its own Node 24 stands first on the path of a test. */
const PATH = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);
const others = PATH.split(delimiter)
  .map((folder) => join(folder, 'node'))
  .filter(existsSync);
const older = others.find((node) =>
  /^v2[0-3]\./.test(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
);

function weir(node: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(node, [BIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH },
  });
  return { status, stdout, stderr };
}

test('this Node runs the command, and its exit code is that of the command', () => {
  expect(weir(process.execPath, '--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('weir dlq') as unknown,
  });
  expect(weir(process.execPath, 'nothing')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^weir: there is no command "nothing"; the commands are: dev, /) as unknown,
  });
});

test.skipIf(older === undefined)('an older Node starts the workspace\u2019s own', () => {
  expect(weir(older as string, 'scan', 'drift', '--help')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^weir scan drift /) as unknown,
  });
  expect(weir(older as string, 'dlq', 'list')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^weir: one of --file PATH and --kafka HOST:PORT is needed/) as unknown,
  });
});

test('npm run --silent weir: only the command speaks', () => {
  const run = spawnSync('npm', ['run', '--silent', 'weir', '--', 'replay', '--help'], {
    encoding: 'utf8',
    cwd: ROOT,
    env: { ...process.env, PATH },
    shell: process.platform === 'win32',
  });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).toMatch(/^weir replay \(--file PATH/);
});

test.skipIf(older === undefined)(
  'npm run node runs files under the Node of the workspace, whichever stands on the PATH',
  () => {
    const path = [join(older as string, '..'), PATH].join(delimiter);
    const run = spawnSync('npm', ['run', '--silent', 'node', '--', '-p', 'process.versions.node'], {
      encoding: 'utf8',
      cwd: ROOT,
      env: { ...process.env, PATH: path },
    });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(Number.parseInt(run.stdout, 10)).toBeGreaterThanOrEqual(24);
  },
);
