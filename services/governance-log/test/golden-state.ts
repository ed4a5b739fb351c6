/** States as each version wrote them, and what must follow from it: `node test/golden-state.ts` writes a new one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import { Fold } from '@weir/service-kit/processing/fold';
import type { GoldenState } from '@weir/service-kit/testing/scenario';
import { createLogProcessor } from '../src/processor.ts';
import { STATE_VERSION } from '../src/saved-state.ts';
import { CONFIG, entryRecord, NOW_MS, newAuthor } from './scene.ts';

const fileOf = (version: number): string => join(import.meta.dirname, `state/${version}.base64`);
const CONFIGURED = { ...CONFIG, checkpointEntries: 8 };

/** Eight entries that were asked for, two that wait, a model that is halted; then a fork of the other model and an entry of the first. */
function scene(): { readonly before: readonly NewRecord[]; readonly next: readonly NewRecord[] } {
  const author = newAuthor();
  const other = newAuthor();
  const entries = Array.from({ length: 10 }, (_, index) => author.write(index % 2 === 0 ? 'a' : 'b'));
  const forkOf = (model: string): Uint8Array => other.write(model, 'weights-set', { time: 5 });
  return {
    before: [...entries, forkOf('a')].map((bytes) => entryRecord(bytes)),
    next: [forkOf('b'), author.write('a')].map((bytes) => entryRecord(bytes)),
  };
}

/** @param version of the state */
export function goldenState(version: number = STATE_VERSION): GoldenState {
  const bytes = Buffer.from(readFileSync(fileOf(version), 'utf8'), 'base64');
  const outputIds = ['54956138b0def6e086dc91a8a9ed458d3c00a779154528ce3d19c83a3f1c847a'];
  return { name: `version ${version}`, key: 'log', stateVersion: version, bytes, next: scene().next, outputIds };
}

/** What this build saves and emits. */
export function currentState(): { readonly bytes: Uint8Array; readonly outputIds: readonly string[] } {
  const fold = new Fold(createLogProcessor(), CONFIGURED, { partition: 0, partitions: 1, futureBoundMs: 0 }, NOW_MS);
  const outputIds: string[] = [];
  const feed = (records: readonly NewRecord[]): void => {
    const slice = records.map(({ key, value }, index) => ({
      offset: BigInt(index),
      key,
      value,
      headers: [],
      timestampMs: 0,
    }));
    fold.records('governance-log', slice, { output: ({ id }) => void outputIds.push(id), reject: () => {} });
  };
  const { before, next } = scene();
  feed(before);
  outputIds.length = 0;
  const [record] = fold.keys.records();
  const bytes = record?.bytes as Uint8Array;
  feed(next);
  return { bytes, outputIds };
}

if (import.meta.main) {
  const { bytes, outputIds } = currentState();
  writeFileSync(fileOf(STATE_VERSION), `${Buffer.from(bytes).toString('base64')}\n`);
  process.stdout.write(`${outputIds.join('\n')}\n`);
}
