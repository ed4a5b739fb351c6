/** States as released versions wrote them, the records that follow, and the ids of what these must give. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { NewRecord } from '@weir/event-log/port';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { GoldenState, Scenario } from '@weir/service-kit/testing/scenario';
import { createAnomalyProcessor } from '../src/processor.ts';
import { at, commandOf, NOW_MS, predictionAt, registered, SCENE_CONFIG, turnOf, WARM } from './scene.ts';

const FOLDER = join(import.meta.dirname, 'state');
const MODEL = 'm';
/** Within the first stretch of missing values, so that an alert is open. */
const EVENTS = WARM + 130;

const SCENARIO = { processor: createAnomalyProcessor(), config: SCENE_CONFIG, nowMs: NOW_MS } as unknown as Scenario;

export function goldenStates(): readonly GoldenState[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.base64'))
    .map((name) => {
      const stateVersion = Number.parseInt(name, 10);
      const bytes = gunzipSync(Buffer.from(packedState(stateVersion), 'base64'));
      const outputIds = JSON.parse(readFileSync(join(FOLDER, `${stateVersion}.outputs.json`), 'utf8')) as string[];
      return { name: `version ${stateVersion}`, key: MODEL, stateVersion, bytes, next: following(), outputIds };
    });
}

/** As committed: base64 of the compressed bytes. */
export function packedState(stateVersion: number): string {
  return readFileSync(join(FOLDER, `${stateVersion}.base64`), 'utf8');
}

function prediction(turn: number): NewRecord {
  return at('predictions', MODEL, predictionAt(MODEL, turn, turnOf(turn)));
}

export function following(): readonly NewRecord[] {
  return Array.from({ length: 1_200 }, (_, index) => prediction(EVENTS + index));
}

/** Ids of what follows from a state. */
export function outputIdsAfter(stateVersion: number, bytes: Uint8Array): readonly string[] {
  const fold = newFold(SCENARIO);
  fold.load({ key: MODEL, stateVersion, bytes });
  const ids: string[] = [];
  for (const record of following()) feed(fold, record, (id) => void ids.push(id));
  return ids;
}

/** What this version writes after the same events as those before it, with an acknowledged alert. */
export function writtenNow(): Buffer {
  const fold = newFold(SCENARIO);
  let openAlert = '';
  for (const record of registered(MODEL)) feed(fold, record, () => {});
  for (let turn = 0; turn < EVENTS; turn += 1)
    feed(fold, prediction(turn), (id) => {
      openAlert = id;
    });
  feed(fold, at('commands', MODEL, commandOf(MODEL, 'acknowledge', { alert: openAlert })), () => {});
  const [record] = fold.keys.records();
  return Buffer.from(record?.bytes as Uint8Array);
}

function feed(fold: ReturnType<typeof newFold>, { topic, key, value }: NewRecord, output: (id: string) => void): void {
  fold.records(topic, [{ offset: 0n, key, value, headers: [], timestampMs: 0 }], {
    output: ({ id }) => output(id),
    reject: (_, __, { message }) => {
      throw new Error(message);
    },
  });
}
