/** A monitor's state as versioned bytes: magic, CRC-32 of what follows, JSON with exact numbers. */
import { ExplainError } from '../errors.ts';
import { type FairnessConfig, FairnessMonitor, type Pending } from './monitor.ts';

/** The last byte is the version. */
const MAGIC = Uint8Array.of(0x57, 0x46, 0x4d, 2);
/** States before scores were kept go on without those of earlier decisions. */
const OLDEST = 1;

interface SavedState {
  readonly config: FairnessConfig;
  readonly counts: readonly number[];
  readonly bets: readonly number[];
  /** Index and number where it is not 0; absent in version 1. */
  readonly scores?: readonly (readonly [number, number])[];
  readonly unknown: readonly number[];
  readonly pending: readonly (readonly [string, Omit<Pending, 'score'> & { readonly score: number | null }])[];
  readonly early: readonly (readonly [string, { label: 0 | 1; revision: number }])[];
}

/** O(groups + pending events). */
export function saveFairness(monitor: FairnessMonitor): Uint8Array {
  const state: SavedState = {
    config: monitor.config,
    counts: [...monitor.counts],
    bets: [...monitor.bets],
    scores: [...monitor.scores.entries()].filter(([, count]) => count !== 0),
    unknown: [...monitor.unknown],
    pending: [...monitor.pending.entries()].map(([id, event]) => [
      id,
      { ...event, score: Number.isNaN(event.score) ? null : event.score },
    ]),
    early: [...monitor.early.entries()],
  };
  const body = new TextEncoder().encode(JSON.stringify(state));
  const bytes = new Uint8Array(8 + body.length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(4, crc32(body));
  bytes.set(body, 8);
  return bytes;
}

/** @throws {ExplainError} BAD_STATE on another format, another version or a changed byte. */
export function loadFairness(bytes: Uint8Array): FairnessMonitor {
  if (bytes.length < 8 || MAGIC.some((byte, at) => at < 3 && bytes[at] !== byte)) {
    throw new ExplainError('BAD_STATE', 'these bytes are no saved fairness state; give what saveFairness wrote');
  }
  const version = bytes[3]!;
  if (version < OLDEST || version > MAGIC[3]!) {
    throw new ExplainError(
      'BAD_STATE',
      `the fairness state has version ${version}, but this build reads versions ${OLDEST} to ${MAGIC[3]}; replay the log instead`,
    );
  }
  const body = bytes.subarray(8);
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(4) !== crc32(body)) {
    throw new ExplainError(
      'BAD_STATE',
      'the fairness state is damaged: its checksum does not match; take an older snapshot or replay the log',
    );
  }
  const state = JSON.parse(new TextDecoder().decode(body)) as SavedState;
  const monitor = new FairnessMonitor(state.config);
  monitor.counts.set(state.counts);
  monitor.bets.set(state.bets);
  for (const [at, count] of state.scores ?? []) monitor.scores[at] = count;
  monitor.unknown.set(state.unknown);
  for (const [id, event] of state.pending)
    monitor.pending.set(id, {
      ...event,
      values: event.values.map((value) => value ?? undefined),
      score: event.score ?? Number.NaN,
    });
  for (const [id, label] of state.early) monitor.early.set(id, label);
  return monitor;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  return crc;
});

/** CRC-32 of IEEE 802.3. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}
