/** The golden buckets are those of other languages too; a language that is not installed is skipped. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const GOLDEN = join(import.meta.dirname, 'golden');
const absent = (program: string, question: string): boolean => spawnSync(program, [question]).error !== undefined;
const check = (program: string, args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: GOLDEN, encoding: 'utf8' });
  return { status, stderr, checked: Number(stdout) };
};

test.skipIf(absent('python3', '--version'))('Python finds the same buckets', () => {
  const found = check('python3', ['assignment.py', 'check', 'assignment.json']);
  expect(found).toEqual({ status: 0, stderr: '', checked: 636 });
});

test.skipIf(absent('go', 'version'))('Go finds the same buckets', () => {
  expect(check('go', ['run', 'assignment.go', 'assignment.json'])).toEqual({ status: 0, stderr: '', checked: 636 });
});
