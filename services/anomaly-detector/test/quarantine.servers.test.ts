/** The quarantine as another language reads it: fastavro, with the published schemas and nothing of Weir's code. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { decode } from '@weir/events/codec';
import type { PredictionLogged } from '@weir/events/generated/events';
import { newFold } from '@weir/service-kit/testing/fold-run';
import { expect, test } from 'vitest';
import { SCENARIO } from './scenario.ts';
import { at, predictionAt, registered, turnOf, WARM } from './scene.ts';

const PYTHON = process.env['WEIR_PYTHON'] ?? 'python3';
const isThere = spawnSync(PYTHON, ['-c', 'import fastavro']).status === 0;
const missing = `no Python with fastavro (${PYTHON}): pip install fastavro, WEIR_PYTHON names the interpreter`;
if (!isThere && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error(`${missing} (REQUIRE_SERVICES=1 makes this a failure)`);
if (!isThere) console.log(missing);

test.skipIf(!isThere)('fastavro reads every copy, and the original inside it', () => {
  const fold = newFold(SCENARIO);
  const copies: Uint8Array[] = [];
  const predictions = Array.from({ length: WARM + 400 }, (_, turn) =>
    at('predictions', 'm', predictionAt('m', turn, turnOf(turn))),
  );
  for (const [offset, { topic, key, value }] of [...registered('m'), ...predictions].entries())
    fold.records(topic, [{ offset: BigInt(offset), key, value, headers: [], timestampMs: 0 }], {
      output: (output) => {
        if (output.topic === 'quarantine') copies.push(output.value as Uint8Array);
      },
      reject: () => {},
    });
  expect(copies.length).toBeGreaterThan(50);
  const input = copies.map((copy) => `${Buffer.from(copy).toString('hex')}\n`).join('');
  const { stdout, stderr } = spawnSync(PYTHON, [join(import.meta.dirname, 'read_quarantine.py')], {
    input,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const read = stdout.trim().split('\n');
  const shown = (value: number): string => (Number.isNaN(value) ? 'nan' : String(value));
  const expected = copies.map((copy) => {
    const { name, event } = decode(copy);
    if (name !== 'EventQuarantined') throw new Error(name);
    const original = decode(event.value).event as PredictionLogged;
    return {
      place: [event.topic, event.partition, event.offset],
      reasons: event.violations.map(({ rule, field, observed }) => `${rule} ${field} ${observed}`),
      pValue: event.anomaly?.pValue ?? null,
      id: original.id,
      numeric: original.numeric.map(shown),
    };
  });
  const found = read.map((line) => JSON.parse(line) as (typeof expected)[number]);
  // Python writes a float that is whole with a decimal.
  const numbers = found.map((each) => ({
    ...each,
    numeric: each.numeric.map((text) => shown(Number(text.replace('nan', 'NaN')))),
  }));
  expect(numbers).toEqual(expected);
});
