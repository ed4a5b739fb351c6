/** docs/own-data.md as a newcomer follows it: its first block, run by the shell. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/own-data.md'), 'utf8');

test('files of one’s own, without a broker: the drift is found where the file has it', async () => {
  const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(PAGE) ?? [];
  const last = 'npm start -- --file $data/own.db --no-flights';
  expect(block).toContain(`${last}\n`);
  // The run ends once everything is processed, and leaves the port of others alone.
  const script = `${block.replace(last, `${last} --until end --port 0`)}\necho "data: $data"`;
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: ROOT, maxBuffer: 1 << 24 });
  const [, folder] = /^data: (\S+)$/m.exec(stdout) ?? [];
  if (folder !== undefined) rmSync(folder, { recursive: true });
  expect(stdout).toMatch(/^3000 predictions of demo 1 sent: weir.predictions\[0\]@0 to 2999\n3000 outcomes sent/m);
  // Row 1,500 is of 2026-06-11T10:00.
  expect(stdout).toMatch(/ALERT +drift-detector +drift, warning: demo: amount has moved up since 2026-06-1[01]T/);
  expect(stdout).toMatch(/^governance log: .* sound; /m);
});
