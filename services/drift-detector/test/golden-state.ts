/** States as released versions wrote them, the records that follow, and the ids of what these must give. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import type { AlertRaised } from '@weir/events/generated/events';
import { encodeState } from '@weir/service-kit/state-codec';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { GoldenState, Scenario } from '@weir/service-kit/testing/scenario';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { DRIFT_DEFAULTS, type DriftConfig } from '../src/config.ts';
import { createDriftProcessor } from '../src/processor.ts';
import { unpackVersion4 } from '../src/version4.ts';

const FOLDER = join(import.meta.dirname, 'state');
const MODEL = 'm';
const EVENTS = 400;

export const GOLDEN_CONFIG: DriftConfig = {
  ...DRIFT_DEFAULTS,
  countWindows: [40],
  timeWindows: [{ name: '1m', spanMs: 60_000 }],
  readingsPerFalseAlarm: 1_000,
  selfReference: 60,
  outcomeWindows: [50],
  outcomeReference: 100,
  openPredictions: 80,
  heldOutcomes: 20,
  outcomesPerFalseAlarm: 100,
  // The clock of a test stands still or jumps; only events close panes.
  idleAfterMs: 1e12,
};

export function goldenStates(): readonly GoldenState[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.base64'))
    .map((name) => {
      const stateVersion = Number.parseInt(name, 10);
      const written = Buffer.from(readFileSync(join(FOLDER, name), 'utf8'), 'base64');
      // Version 4 was a snapshot of all models, without the watermarks that the kit keeps now.
      const bytes =
        stateVersion === 4
          ? encodeState({ watermarks: [] }, [unpackVersion4(written, 4).get(MODEL) as Uint8Array])
          : written;
      const outputIds = JSON.parse(readFileSync(join(FOLDER, `${stateVersion}.outputs.json`), 'utf8')) as string[];
      const next = following(stateVersion > 4, stateVersion > 6);
      return { name: `version ${stateVersion}`, key: MODEL, stateVersion, bytes, next, outputIds };
    });
}

function record(topic: string, value: Uint8Array): NewRecord {
  return { topic, partition: 0, key: Buffer.from(MODEL), value };
}

/** @param hasThird with the column z, which has no reference */
function prediction(index: number, hasThird: boolean, hasOutput = false): NewRecord {
  const isGap = index % 7 === 0 || (index > 900 && index < 1_000 && index % 2 === 0);
  const x = isGap ? Number.NaN : (index * 7) % 13;
  const y = index < 600 ? 9 + (index % 4) : index < 1_100 ? (index * 7) % 13 : 3 + (index % 2);
  const z = index < EVENTS && index % 10 !== 0 ? Number.NaN : index < 1_200 ? index % 17 : 40;
  const numeric = hasThird ? [x, y, z] : [x, y];
  return record(
    'predictions',
    predictionOf({
      model: MODEL,
      id: `p${index}`,
      eventTimeMs: 500 * index,
      numeric,
      outputs: hasOutput ? [0.25] : [],
    }),
  );
}

/** Delayed, some missing, sent twice or revised; from a turn on as often 1 as the predictions say 0. */
function outcome(index: number, turnsAt = 700): readonly NewRecord[] {
  if (index % 9 === 4) return [];
  const label = index < turnsAt || index > 1_200 ? index % 4 === 0 : index % 4 !== 0;
  const fields = { model: MODEL, predictionId: `p${index}`, label: label ? 1 : 0, reward: null };
  const revisions = index % 12 === 5 ? [0, 0, 1] : [0];
  return revisions.map((revision) =>
    record('outcomes', encode('OutcomeObserved', { ...fields, eventTimeMs: 500 * index + 9_000, revision })),
  );
}

/** Ids of what follows from a state. */
export function outputIdsAfter({ key, stateVersion, bytes, next }: Omit<GoldenState, 'outputIds'>): readonly string[] {
  const scenario = { processor: createDriftProcessor(), config: GOLDEN_CONFIG, nowMs: 1_000 };
  const fold = newFold(scenario as unknown as Scenario);
  fold.load({ key, stateVersion, bytes });
  const ids: string[] = [];
  for (const { topic, key: recordKey, value } of next)
    fold.records(topic, [{ offset: 0n, key: recordKey, value, headers: [], timestampMs: 0 }], {
      output: ({ id }) => void ids.push(id),
      reject: () => {},
    });
  return ids;
}

function following(hasThird: boolean, hasOutput: boolean): readonly NewRecord[] {
  return Array.from({ length: 1_200 }, (_, index) => EVENTS + index).flatMap((index) => [
    prediction(index, hasThird, hasOutput),
    ...(hasOutput ? outcome(index - 20) : []),
  ]);
}

/** What this version writes after the same events as those before it, with a column that learns its reference, and commands, one of which rebases its outcomes. */
export function writtenNow(): Buffer {
  const scenario = { processor: createDriftProcessor(), config: GOLDEN_CONFIG, nowMs: 1_000 };
  const fold = newFold(scenario as unknown as Scenario);
  let openAlert = '';
  let worse = '';
  const feed = (records: readonly NewRecord[]): void => {
    for (const { topic, key, value } of records)
      fold.records(topic, [{ offset: 0n, key, value, headers: [], timestampMs: 0 }], {
        output: ({ id, value }) => {
          openAlert = id;
          const { event } = decode(value as Uint8Array) as { readonly event: AlertRaised };
          if (event.kind === 'performance') worse = id;
        },
        reject: (_, __, { message }) => {
          throw new Error(message);
        },
      });
  };
  const values = Array.from({ length: 50 }, (_, index) => index / 4);
  const counts = values.map((_, index) => 1 + (index % 3));
  feed([
    record('models', registrationOf(['x', 'y', 'z'], { model: MODEL, outputs: [{ name: 'p', unit: null }] })),
    ...['x', 'y'].map((column) =>
      record('references', referenceSetOf({ model: MODEL, column, values, counts, missing: 2 })),
    ),
    ...Array.from({ length: EVENTS }, (_, index) => [
      prediction(index, true, true),
      ...outcome(index - 20, 250),
    ]).flat(),
  ]);
  feed([
    record('commands', commandOf('acknowledge', { alert: openAlert })),
    record('commands', commandOf('mute', { column: 'x', until: '2026-12-01T00:00:00Z' })),
    record('commands', commandOf('rebase', { alert: worse })),
  ]);
  const [saved] = fold.keys.records();
  return saved?.bytes as Buffer;
}

export function commandOf(action: string, subject: Readonly<Record<string, string>>, change: object = {}): Buffer {
  return encode('CommandIssued', {
    id: `${action} ${JSON.stringify(subject)}`,
    model: MODEL,
    action,
    subject,
    reason: 'seen',
    principal: { id: 'ada', roles: ['command'] },
    issuedMs: 1_000,
    ...change,
  });
}
