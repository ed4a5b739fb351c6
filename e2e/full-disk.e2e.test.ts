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

describe.skipIf(skip !== undefined)(skip ?? 'a disk of its own size', () => {
  test.each([0, 4_096, 16_384, 40_960, 65_536, 100_000, 1_000_000, 5_000_000])(
    'the log says so, with %i bytes free, and has every transaction whole',
    async (freeBytes) => {
      const { code, message, acknowledged, found } = await seen<LogSeen>('16m', 'log', freeBytes);
      expect(code).toBe('FATAL');
      expect(message).toMatch(
        /^\/.*log\.db: the disk is full; nothing of this commit was written\. Free space and start again$/,
      );
      expect(found).toEqual([acknowledged, acknowledged + 50]);
      // Something was written before there was no space.
      if (freeBytes >= 1_000_000) expect(acknowledged).toBeGreaterThan(20);
    },
  );

  test.each([8_192, 65_536, 131_072, 6_000_000])(
    'weir dev ends with 1 or 2 and the cure, with %i bytes free, and goes on when there is space',
    async (freeBytes) => {
      const [first, second, replayed, goesOn, again] = await seen<[Ended, Ended, Ended, Ended, Ended]>(
        '60m',
        'dev',
        freeBytes,
      );
      for (const { code, err } of [first, second]) {
        expect([1, 2]).toContain(code);
        expect(err).toMatch(/^weir: .*(the disk is full; .*Free space and start again|ENOSPC.*)$/m);
        expect(err).not.toMatch(/internal error|^ +at /m);
      }
      expect(goesOn).toMatchObject({ code: 0, err: '' });
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('the same, byte for byte') as unknown });
      if (freeBytes < 1_000_000) return;
      // What was stored before is reproduced, and events that waited are processed.
      expect(first.code).toBe(1);
      expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('the same, byte for byte') as unknown });
      expect(goesOn.out).toMatch(/^\d+ events processed/m);
    },
  );
});
