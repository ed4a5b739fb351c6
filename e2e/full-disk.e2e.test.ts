/** A disk that is full in earnest: nothing torn, nothing acknowledged lost, and a start after space was made goes on. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onSmallDisk, whyNoSmallDisk } from '@weir/testkit/small-disk';
import { afterAll, describe, expect, test } from 'vitest';
import type { Ended, LogSeen } from './full-disk.ts';

const PROGRAM = join(import.meta.dirname, 'full-disk.ts');
const folder = mkdtempSync(join(tmpdir(), 'weir-full-'));
const skip = whyNoSmallDisk(folder);

afterAll(() => rmSync(folder, { recursive: true }));

async function seen<Seen>(size: string, what: 'log' | 'dev', freeBytes: number): Promise<Seen> {
  const command = [process.execPath, PROGRAM, what, folder, String(freeBytes)];
  const { stdout } = await promisify(execFile)(...onSmallDisk(folder, size, command), { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Seen;
}

describe.skipIf(skip !== undefined)(`a disk of its own size: ${skip ?? 'a tmpfs'}`, () => {
  test.each([
    { freeBytes: 0, least: 0 },
    { freeBytes: 4_096, least: 0 },
    { freeBytes: 16_384, least: 0 },
    { freeBytes: 40_960, least: 0 },
    { freeBytes: 65_536, least: 0 },
    { freeBytes: 100_000, least: 0 },
    { freeBytes: 1_000_000, least: 20 },
    { freeBytes: 5_000_000, least: 100 },
  ])('the log says so, with $freeBytes bytes free, and has every transaction whole', async ({ freeBytes, least }) => {
    const { code, message, acknowledged, found } = await seen<LogSeen>('16m', 'log', freeBytes);
    expect(code).toBe('FATAL');
    expect(message).toMatch(
      /^\/.*log\.db: the disk is full; nothing of this commit was written\. Free space and start again$/,
    );
    expect(found).toEqual([acknowledged, acknowledged + 50]);
    expect(acknowledged).toBeGreaterThanOrEqual(least);
  });

  test.each([8_192, 65_536, 131_072])(
    'weir dev cannot begin with %i bytes free, and can when there is space',
    async (freeBytes) => {
      const [first, second, , begins, replayed] = await seen<Runs>('60m', 'dev', freeBytes);
      for (const each of [first, second]) expectFull(each);
      expect(begins).toMatchObject({ code: 0, err: '' });
      expect(replayed).toMatchObject(SAME);
    },
  );

  test('weir dev ends with 1 in the middle of a run, and goes on with what waited when there is space', async () => {
    const [first, second, replayed, goesOn, again] = await seen<Runs>('60m', 'dev', 6_000_000);
    for (const each of [first, second]) expectFull(each);
    expect(first.code).toBe(1);
    expect(replayed).toMatchObject(SAME);
    expect(goesOn).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^[1-9]\d* events processed/m) as unknown,
    });
    expect(again).toMatchObject(SAME);
  });
});

type Runs = readonly [full: Ended, again: Ended, replayed: Ended, withSpace: Ended, replayed: Ended];

const SAME = { code: 0, out: expect.stringContaining('the same, byte for byte') as unknown };

/** One clear line: a file, and what to do. */
function expectFull({ code, err }: Ended): void {
  expect([1, 2]).toContain(code);
  expect(err).toMatch(/^(weir: .*|  WEIR_.*)(the disk is full; .*Free space and start again|ENOSPC).*$/m);
  expect(err).not.toMatch(/internal error|^ +at /m);
}
