/**
 * Cosignatures of witnesses, in the fold: one checkpoint at a time is with them, the newest of those that are signed meanwhile is next. Signing
 * never waits for them. What they answer is recorded and verified here like any input, so a replay asks nobody.
 */
import { utf8 } from '@weir/ledger/bytes';
import { verifiers } from '@weir/ledger/node-crypto';
import { CheckpointError, openCheckpoint } from '@weir/ledger/open-checkpoint';
import { hasQuorum, type Trust } from '@weir/ledger/trust';
import { cosignatureIn, readNote, withSignatures } from '@weir/ledger/witness';
import type { Effect, EffectAnswer } from '@weir/service-kit/effects/effect';
import type { StepContext } from '@weir/service-kit/processor';
import { tellWitnesses, tellWitnessesRecovered } from './alerts.ts';
import { publishCheckpoint } from './checkpoint-output.ts';
import type { Log, LogState, Witnessed } from './state.ts';
import { decodeWitnessAnswer, encodeWitnessRequest, type WitnessFault } from './witness-request.ts';

export const WITNESS = 'witness';
/** After an answer in which a witness was missing, ms. */
const RETRY_MS = 60_000;

const areAsked = ({ witnesses }: Trust): boolean => [...witnesses.values()].some(({ url }) => url !== undefined);

/** A checkpoint was signed. @param note of it */
export function showWitnesses(state: LogState, { trust }: Log, size: number, note: string): void {
  if (!areAsked(trust)) return;
  const shown = { size, note, attempt: 0, retryAtMs: 0 };
  // One that only waits for another try gives way.
  if (state.witnessing === null || state.witnessing.retryAtMs > 0) state.witnessing = shown;
  else state.nextToWitness = { size, note };
}

export function witnessEffects({ log, witnessing }: LogState): readonly Effect[] {
  if (log === undefined || witnessing === null || witnessing.retryAtMs > 0) return [];
  const { size, attempt } = witnessing;
  const payload = encodeWitnessRequest({ partition: log.partition, size });
  return [{ id: `${log.admission.origin}/${size}/witness/${attempt}`, kind: WITNESS, payload }];
}

/** When witnesses are asked again, ms; undefined while nothing waits for it. */
export function witnessRetryMs({ witnessing }: LogState): number | undefined {
  return witnessing !== null && witnessing.retryAtMs > 0 ? witnessing.retryAtMs : undefined;
}

export function askWitnessesAgain({ witnessing }: LogState, clockMs: number): void {
  if (witnessing === null || witnessing.retryAtMs === 0 || witnessing.retryAtMs > clockMs) return;
  witnessing.attempt += 1;
  witnessing.retryAtMs = 0;
}

export function takeWitnessAnswer(state: LogState, log: Log, answer: EffectAnswer, context: StepContext): void {
  const { witnessing, nextToWitness } = state;
  if (witnessing === null) return;
  const { size, attempt } = witnessing;
  const { lines, faults } =
    answer.outcome === 'done'
      ? decodeWitnessAnswer(answer.payload)
      : { lines: [], faults: [{ witness: 'all', said: answer.error, isRefusal: false }] };
  const note = withVerified(log.trust, witnessing.note, lines);
  if (note !== witnessing.note)
    publishCheckpoint(context, log, { size, note, id: `${size}/cosigned/${attempt}` }, answer.answeredMs);
  const witnessed = witnessedBy(log.trust, size, note, faults);
  state.witnessed = witnessed;
  if (witnessed.hasQuorum && !faults.some(({ isRefusal }) => isRefusal))
    tellWitnessesRecovered(state, context, answer.answeredMs);
  else tellWitnesses(state, context, whyNot(log.trust, witnessed), answer.answeredMs);
  state.nextToWitness = null;
  if (nextToWitness !== null) state.witnessing = { ...nextToWitness, attempt: 0, retryAtMs: 0 };
  else if (faults.length > 0) state.witnessing = { size, note, attempt, retryAtMs: context.clockMs + RETRY_MS };
  else state.witnessing = null;
}

/** The note with those lines that are cosignatures of witnesses of the policy. */
function withVerified({ witnesses }: Trust, note: string, lines: readonly string[]): string {
  const { checkpoint } = readNote(utf8(note));
  const verified = [...witnesses.values()].flatMap(({ vkey }) =>
    lines.flatMap((line) => cosignatureIn(line, checkpoint, vkey, verifiers) ?? []),
  );
  return Buffer.from(withSignatures(utf8(note), verified)).toString();
}

/** @throws {CheckpointError} when the log's own signature is not in the note, which was verified before */
function witnessedBy(trust: Trust, size: number, note: string, faults: readonly WitnessFault[]): Witnessed {
  const { witnesses } = openCheckpoint(utf8(note), trust, verifiers, false);
  return { size, witnesses, hasQuorum: meetsQuorum(trust, utf8(note)), faults };
}

/** Whether enough witnesses of the policy have cosigned; true where it needs none. */
export function meetsQuorum(trust: Trust, note: Uint8Array): boolean {
  if (trust.quorum === undefined) return true;
  try {
    const opened = openCheckpoint(note, trust, verifiers, false);
    const cosigned = [...trust.witnesses.values()].filter(({ label }) => opened.witnesses.includes(label));
    return hasQuorum(trust.quorum, new Set(cosigned.map(({ vkey }) => vkey.keyId)));
  } catch (error) {
    if (error instanceof CheckpointError) return false;
    throw error;
  }
}

function whyNot({ witnesses }: Trust, { size, faults, witnesses: cosigned }: Witnessed): string {
  const said = faults.map(({ witness, said: why }) => `${witness} ${why}`).join('; ');
  return `${cosigned.length} of ${witnesses.size} witnesses have cosigned the tree of ${size} entries: ${said || 'the policy needs more'}`;
}
