/** A state as bytes and back: a cache of the fold, so what it cannot hold is rebuilt and what it does not match is dropped. */
import { createReference } from '@weir/drift/reference';
import type { SlidingKs } from '@weir/drift/sliding-ks';
import type { DriftConfig } from './config.ts';
import { type DriftState, type FeatureSetState, isLive, newColumn, newModel, type OpenAlert } from './state.ts';

export const STATE_VERSION = 4;

/** Windows travel as their bin ids, oldest first; the tree is rebuilt, so a restored window cannot differ from one that never stopped. */
export function toSnapshot(state: DriftState): Uint8Array {
  const parts: Buffer[] = [];
  const place = (array: Uint32Array | Float64Array): number =>
    parts.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength)) - 1;
  const head: Head['models'] = [...state.models.values()].map((model) => ({
    model: model.model,
    versions: [...model.versions],
    featureSets: [...model.featureSets.values()],
    events: model.events,
    lastEventMs: Number.isFinite(model.lastEventMs) ? model.lastEventMs : null,
    columns: [...model.columns.values()].map((column) => ({
      name: column.name,
      referenceHash: column.referenceHash,
      values: place(column.reference.values),
      counts: place(column.reference.counts),
      referenceMissing: column.referenceMissing,
      missing: column.missing,
      present: column.present,
      timeWindows: column.timeWindows
        .filter(isLive)
        .map(({ name, window, watermark, firstPane, topic, open, calmSinceMs, late }) => ({
          name,
          spanMs: window.spanMs,
          panes: window.save().map(({ pane, counts }) => ({ pane, counts: place(counts) })),
          closed: finiteOrNull(window.closed),
          watermark: {
            maxEventTimeMs: finiteOrNull(watermark.maxEventTimeMs),
            activeAtMs: finiteOrNull(watermark.activeAtMs),
            idleAdvanceMs: watermark.idleAdvanceMs,
          },
          firstPane,
          topic,
          open,
          calmSinceMs,
          late,
        })),
      missingWindows: column.missingWindows.filter(isLive).map(({ missing, open }) => {
        const { positions, times } = missing.entries();
        return { capacity: missing.capacity, positions: place(positions), times: place(times), open };
      }),
      windows: column.windows.filter(isLive).map(({ ks, times, timesNext, open, quiet }) => ({
        capacity: ks.capacity,
        bins: place(ks.bins()),
        times: place(timesOf(times, timesNext, ks)),
        open: open === null ? null : { ...open, calm: open.calm > 0 ? open.calm - quiet : 0 },
      })),
    })),
  }));
  const json = Buffer.from(JSON.stringify({ sizes: parts.map(({ length }) => length), models: head }));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([size, json, ...parts]);
}

function timesOf(times: Float64Array, next: number, ks: SlidingKs): Float64Array {
  return ks.full
    ? Float64Array.from([...times.subarray(next), ...times.subarray(0, next)])
    : times.slice(0, ks.windowSize);
}

/** JSON has no infinity. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

interface Head {
  readonly sizes: readonly number[];
  readonly models: readonly {
    readonly model: string;
    readonly versions: readonly [string, { readonly featureSet: string; readonly outputs: readonly string[] }][];
    readonly featureSets: readonly FeatureSetState[];
    readonly events: number;
    readonly lastEventMs: number | null;
    readonly columns: readonly {
      readonly name: string;
      readonly referenceHash: string;
      readonly values: number;
      readonly counts: number;
      readonly referenceMissing: number;
      readonly missing: number;
      readonly present: number;
      readonly timeWindows: readonly {
        readonly name: string;
        readonly spanMs: number;
        readonly panes: readonly { readonly pane: number; readonly counts: number }[];
        readonly closed: number | null;
        readonly watermark: {
          readonly maxEventTimeMs: number | null;
          readonly activeAtMs: number | null;
          readonly idleAdvanceMs: number;
        };
        readonly firstPane: number | null;
        readonly topic: string;
        readonly open: OpenAlert | null;
        readonly calmSinceMs: number | null;
        readonly late: number;
      }[];
      readonly missingWindows: readonly {
        readonly capacity: number;
        readonly positions: number;
        readonly times: number;
        readonly open: OpenAlert | null;
      }[];
      readonly windows: readonly {
        readonly capacity: number;
        readonly bins: number;
        readonly times: number;
        readonly open: OpenAlert | null;
      }[];
    }[];
  }[];
}

export function fromSnapshot(bytes: Uint8Array, config: DriftConfig): DriftState {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headBytes = buffer.readUInt32BE(0);
  const { sizes, models } = JSON.parse(buffer.toString('utf8', 4, 4 + headBytes)) as Head;
  const starts: number[] = [];
  let at = 4 + headBytes;
  for (const size of sizes) {
    starts.push(at);
    at += size;
  }
  if (at !== buffer.length)
    throw new Error(`a drift snapshot of ${buffer.length} bytes should have ${at}; drop it, the journal has the truth`);
  // Copied, because a typed array needs its alignment.
  const part = (index: number): ArrayBuffer =>
    Uint8Array.from(buffer.subarray(starts[index], (starts[index] as number) + (sizes[index] as number))).buffer;
  const state: DriftState = { models: new Map() };
  for (const saved of models) {
    const model = newModel(saved.model, config);
    for (const [version, content] of saved.versions) model.versions.set(version, content);
    for (const featureSet of saved.featureSets) model.featureSets.set(featureSet.id, featureSet);
    model.events = saved.events;
    model.lastEventMs = saved.lastEventMs ?? Number.NEGATIVE_INFINITY;
    for (const column of saved.columns) {
      const reference = createReference(new Float64Array(part(column.values)), new Uint32Array(part(column.counts)));
      const { name, referenceHash, referenceMissing } = column;
      const restored = newColumn(name, referenceHash, reference, referenceMissing, config, {
        count: retiringSizes(column.windows, config),
        missing: retiringSizes(column.missingWindows, config),
        time: column.timeWindows.filter(
          ({ name: span, open }) => open !== null && !config.timeWindows.some((each) => each.name === span),
        ),
      });
      restored.missing = column.missing;
      restored.present = column.present;
      for (const window of restored.windows) {
        const saved = column.windows.find(({ capacity }) => capacity === window.ks.capacity);
        if (saved === undefined) continue;
        for (const bin of new Uint32Array(part(saved.bins))) window.ks.pushBin(bin);
        window.times.set(new Float64Array(part(saved.times)));
        window.timesNext = window.ks.windowSize % window.ks.capacity;
        window.open = saved.open;
      }
      for (const state of restored.timeWindows) {
        const saved = column.timeWindows.find(({ name: span }) => span === state.name);
        if (saved === undefined) continue;
        const panes = saved.panes.map(({ pane, counts }) => ({ pane, counts: new Uint32Array(part(counts)) }));
        state.window.restore(panes, saved.closed ?? Number.NEGATIVE_INFINITY);
        state.watermark.maxEventTimeMs = saved.watermark.maxEventTimeMs ?? Number.NEGATIVE_INFINITY;
        state.watermark.activeAtMs = saved.watermark.activeAtMs ?? Number.NEGATIVE_INFINITY;
        state.watermark.idleAdvanceMs = saved.watermark.idleAdvanceMs;
        const { firstPane, topic, open, calmSinceMs, late } = saved;
        Object.assign(state, { firstPane, topic, open, calmSinceMs, late });
      }
      for (const state of restored.missingWindows) {
        const saved = column.missingWindows.find(({ capacity }) => capacity === state.missing.capacity);
        if (saved === undefined) continue;
        const timesMs = new Float64Array(part(saved.times));
        for (const [at, position] of new Float64Array(part(saved.positions)).entries())
          state.missing.push(position, timesMs[at] as number);
        state.open = saved.open;
        if (saved.open !== null) restored.missingOpen += 1;
      }
      model.columns.set(column.name, restored);
    }
    state.models.set(saved.model, model);
  }
  return state;
}

/** Sizes that are no longer configured, of windows that have an alert to resolve. */
function retiringSizes(
  windows: readonly { readonly capacity: number; readonly open: OpenAlert | null }[],
  { countWindows }: DriftConfig,
): readonly number[] {
  return windows.flatMap(({ capacity, open }) => (open !== null && !countWindows.includes(capacity) ? capacity : []));
}
