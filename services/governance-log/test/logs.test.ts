/** An index that is far behind: questions are told to come again, and it is made meanwhile. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BundleWriter, CHECKPOINT, checkpointPath, formatManifest, MANIFEST } from '@weir/ledger/bundle';
import { signCheckpoint } from '@weir/ledger/checkpoint';
import { afterEach, expect, test, vi } from 'vitest';
import { Logs } from '../src/logs.ts';
import { hasher } from '../src/state.ts';
import { KEYS, newAuthor } from './scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterEach(() => rmSync(folder, { recursive: true }));

test('a question about a log whose index is not made yet is answered with NOT_READY, and later with the decision', async () => {
  const author = newAuthor();
  const writer = new BundleWriter(hasher);
  for (let index = 0; index < 1_000; index += 1) writer.append(author.write('m'));
  const files = new Map(writer.take());
  const { size } = writer;
  const note = signCheckpoint({ origin: author.origin, size, root: writer.root() }, KEYS.signersFor(author.origin), 0);
  files.set(checkpointPath(size), note).set(CHECKPOINT, note);
  files.set(MANIFEST, formatManifest({ origin: author.origin, checkpoints: [checkpointPath(size)] }));
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, '0', name)), { recursive: true });
    writeFileSync(join(folder, '0', name), bytes);
  }
  const logs = new Logs(folder, 1, 500);
  try {
    await expect(logs.signed()).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringMatching(/of 1000 entries/) as string,
    });
    await vi.waitUntil(
      () =>
        logs.signed().then(
          (found) => found.length === 1,
          () => false,
        ),
      { timeout: 10_000 },
    );
    const [log] = await logs.signed();
    expect(log?.log.index.count({})).toBe(1_000);
    // A few new ones are waited for.
    const patient = new Logs(folder, 1, 2_000);
    rmSync(join(folder, '0.index.db'));
    expect(await patient.signed()).toHaveLength(1);
    patient.close();
    // One that is closed while it is made stops there.
    const hasty = new Logs(folder, 1, 0);
    rmSync(join(folder, '0.index.db'));
    await expect(hasty.signed()).rejects.toMatchObject({ code: 'NOT_READY' });
    const { index } = hasty.partition(0) as NonNullable<ReturnType<Logs['partition']>>;
    const refreshing = index.refresh();
    hasty.close();
    await expect(refreshing).resolves.toMatchObject({ size: 1_000 });
    const later = new Logs(folder, 1);
    expect((later.partition(0) as NonNullable<ReturnType<Logs['partition']>>).index.behind).toBeGreaterThan(0);
    later.close();
  } finally {
    logs.close();
  }
});
