/** States of the versions that this build still reads, as earlier builds wrote them: an upgrade must not fold weeks of input again. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fold } from '@weir/service-kit/fold';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { expect, test } from 'vitest';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { createDriftProcessor } from '../src/processor.ts';
import { STATE_VERSION } from '../src/snapshot.ts';

const CONFIG: DriftConfig = {
  ...DRIFT_DEFAULTS,
  countWindows: [40],
  timeWindows: [{ name: '1m', spanMs: 60_000 }],
  readingsPerFalseAlarm: 1_000,
};
const folder = join(import.meta.dirname, 'state');

/** Windows with and without an open alert, missing values, and time windows with panes that wait. */
function written(): { readonly bytes: Uint8Array; readonly verdicts: ReadonlySet<string> } {
  const processor = createDriftProcessor(CONFIG);
  const fold = new Fold(processor, { partition: 0, seed: 's', futureBoundMs: 1e15 }, processor.initialState(0), 1_000);
  const sink = { output: () => {}, reject: () => {} };
  const bytes = (value: Uint8Array) => ({ offset: 0n, key: null, value, headers: [], timestampMs: 0 });
  const values = Array.from({ length: 50 }, (_, index) => index / 4);
  const counts = values.map((_, index) => 1 + (index % 3));
  fold.records('models', [bytes(registrationOf(['x', 'y'], { model: 'm' }))], sink);
  fold.records(
    'references',
    ['x', 'y'].map((column) => bytes(referenceSetOf({ model: 'm', column, values, counts, missing: 2 }))),
    sink,
  );
  const events = Array.from({ length: 400 }, (_, index) => {
    const x = index % 7 === 0 ? Number.NaN : (index * 7) % 13;
    const numeric = [x, 9 + (index % 4)];
    return bytes(predictionOf({ model: 'm', id: `p${index}`, eventTimeMs: 500 * index, numeric }));
  });
  fold.records('predictions', events, sink);
  const view = processor.views(fold.state, 'all').find(({ key }) => key === 'verdicts/m');
  const verdicts = JSON.parse(view?.json ?? '[]') as readonly { readonly verdict: string }[];
  return { bytes: processor.toSnapshot(fold.state), verdicts: new Set(verdicts.map(({ verdict }) => verdict)) };
}

test('the committed state of this version is what this build writes', async () => {
  const { bytes, verdicts } = written();
  expect(verdicts).toEqual(new Set(['drift', 'stable']));
  await expect(`${Buffer.from(bytes).toString('base64')}\n`).toMatchFileSnapshot(`state/${STATE_VERSION}.base64`);
});

test.each(readdirSync(folder))('%s is read, and written again as the same state', (file) => {
  const bytes = Buffer.from(readFileSync(join(folder, file), 'utf8'), 'base64');
  const processor = createDriftProcessor(CONFIG);
  expect(Buffer.from(processor.toSnapshot(processor.fromSnapshot(bytes))).equals(written().bytes)).toBe(true);
});
