/** States as released versions wrote them, the records that follow, and the ids of what these must give. `node golden-state.ts` writes this version's. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import type { GoldenState } from '@weir/service-kit/testing/scenario';
import { ModelHost } from '../src/models/model-host.ts';
import { STATE_VERSION } from '../src/saved-state.ts';
import { effectsOf } from '../src/service.ts';
import { Folded } from './folded.ts';
import { BASE } from './scenario.ts';

const FOLDER = join(import.meta.dirname, 'state');

interface Written {
  readonly key: string;
  readonly bytes: string;
  readonly next: readonly { readonly topic: string; readonly value: string }[];
  readonly outputIds: readonly string[];
}

export function goldenStates(): readonly GoldenState[] {
  return readdirSync(FOLDER).map((name) => {
    const { key, bytes, next, outputIds } = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Written;
    const records = next.map(
      ({ topic, value }): NewRecord => ({
        topic,
        partition: 0,
        key: Buffer.from(key),
        value: Buffer.from(value, 'base64'),
      }),
    );
    return {
      name,
      key,
      stateVersion: Number.parseInt(name, 10),
      bytes: Buffer.from(bytes, 'base64'),
      next: records,
      outputIds,
    };
  });
}

/** Of one model: the state after `until` events, and what comes of those until `end` together with their answers. */
async function write(key: string, until: number, end: number): Promise<void> {
  const folded = new Folded(BASE, effectsOf(new ModelHost({ directory: '', maxBytes: 1e6, urls: [] })));
  const events = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => BASE.event(from + index)).filter(
      (record) => Buffer.from(record.key ?? []).toString() === key,
    );
  await folded.feed([...BASE.control(), ...events(0, until)]);
  const bytes = folded.fold.keys.records().find((record) => record.key === key)?.bytes as Uint8Array;
  const before = folded.outputs.length;
  folded.taken.length = 0;
  await folded.feed(events(until, end));
  const written: Written = {
    key,
    bytes: Buffer.from(bytes).toString('base64'),
    next: folded.taken.map(({ topic, value }) => ({
      topic,
      value: Buffer.from(value as Uint8Array).toString('base64'),
    })),
    outputIds: folded.outputs.slice(before).map(({ id }) => id),
  };
  writeFileSync(join(FOLDER, `${STATE_VERSION}-${key}.json`), `${JSON.stringify(written, null, 1)}\n`);
}

if (import.meta.main) {
  await write('price', 700, 800);
  await write('credit', 90, 400);
}
