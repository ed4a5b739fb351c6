/** Admission, tree and requests to store: pure. Signing is an effect, so the kernel needs no private key, and neither does a replay. */
import { isLift, type Refused } from '@weir/ledger/admission';
import { equalBytes, toHex, utf8 } from '@weir/ledger/bytes';
import { verifiers } from '@weir/ledger/node-crypto';
import { CheckpointError, openCheckpoint, RuntimeError } from '@weir/ledger/open-checkpoint';
import type { Effect, EffectAnswer } from '@weir/service-kit/effects/effect';
import type { Kernel, StepContext, Timer } from '@weir/service-kit/processor';
import { judge, pass } from './admitted.ts';
import { tellHalted, tellLifted, tellLog, tellRecovered } from './alerts.ts';
import { publishCheckpoint } from './checkpoint-output.ts';
import type { LogConfig } from './log-trust.ts';
import type { EntryEvent } from './processor.ts';
import { REFUSAL_CODES } from './refusal-codes.ts';
import { loadState, saveState } from './saved-state.ts';
import { type Asked, hasher, type Log, type LogState, newState, openLog } from './state.ts';
import { decodeAnswer, encodeRequest } from './store-request.ts';
import { logViews } from './views.ts';
import {
  askWitnessesAgain,
  showWitnesses,
  takeWitnessAnswer,
  WITNESS,
  witnessEffects,
  witnessRetryMs,
} from './witnessing.ts';

export const STORE = 'store';
/** After a failed request, ms. */
const RETRY_MS = 60_000;
/** A topic that brings nothing for so long has been read to its end, ms. */
const QUIET_MS = 10_000;
export function logKernel(config: LogConfig): Kernel<LogState, EntryEvent> {
  return {
    steps: 'runs',
    // Order on the topic is all that counts: event time decides nothing here.
    lateness: { allowedLatenessMs: 0, idleAfterMs: 60_000 },
    initial: () => newState(config),
    isEmpty: ({ log }) => log === undefined || log.admission.heads.size === 0,
    step: (state, run, context) => {
      state.log ??= openLog(config, context.partition);
      for (const [index, event] of run.entries()) take(state, state.log, event, index, context);
    },
    nextTimer,
    onTimer,
    pendingEffects: (state) => [...storeEffects(state), ...witnessEffects(state)],
    onEffectAnswer,
    save: saveState,
    load: (_, bytes, stateVersion) => loadState(bytes, stateVersion, config),
    views: (_, state) => logViews(state),
  };
}

function storeEffects({ log, asked }: LogState): readonly Effect[] {
  if (log === undefined || asked === null || asked.retryAtMs > 0) return [];
  return [{ id: effectId(log, asked), kind: STORE, payload: asked.payload }];
}

function effectId({ admission }: Log, { size, root, attempt }: Asked): string {
  return `${admission.origin}/${size}/${toHex(root)}/${attempt}`;
}

function take(state: LogState, log: Log, { record }: EntryEvent, index: number, context: StepContext): void {
  const verdict = judge(log, record);
  pass(log, verdict);
  if (verdict.reason !== undefined) return refuse(state, verdict, record.bytes, index, context);
  if (isLift(verdict.entry)) tellLifted(state, context, index, verdict.entry, toHex(verdict.leaf));
  if (state.waiting.length === 0) state.waitingSinceMs = context.clockMs;
  // The record's bytes are a view of what the log has read: the state keeps its own.
  state.waiting.push(record.bytes.slice());
  state.lastEntryMs = context.clockMs;
  if (state.asked === null && state.waiting.length >= state.config.checkpointEntries) ask(state, log);
}

function refuse(state: LogState, verdict: Refused, bytes: Uint8Array, index: number, context: StepContext): void {
  const { reason, detail, entry } = verdict;
  // A batch that was published again adds no leaf and is no fault.
  if (reason === 'duplicate') return;
  if (reason !== 'fork' && reason !== 'gap' && reason !== 'broken')
    return context.reject(index, { code: REFUSAL_CODES[reason], message: `not admitted, ${reason}: ${detail}` });
  // Only an entry that was read can follow nothing.
  if (entry === undefined) throw new Error(`a record that cannot be read was refused as ${reason}`);
  tellHalted(state, context, index, entry, reason, detail, toHex(hasher.leaf(bytes)));
}

function ask(state: LogState, { partition, admission, frontier }: Log): void {
  const { waiting } = state;
  const { origin, size } = admission;
  const root = frontier.root();
  const payload = encodeRequest({ partition, origin, size, root, first: size - waiting.length, entries: waiting });
  state.asked = { size, root, payload, attempt: 0, retryAtMs: 0 };
  state.waiting = [];
}

function nextTimer(state: LogState): Timer | undefined {
  const { log, asked, waiting, waitingSinceMs, signed, lastEntryMs, alert, config } = state;
  if (log === undefined) return undefined;
  const times: number[] = [];
  const retryMs = witnessRetryMs(state);
  if (retryMs !== undefined) times.push(retryMs);
  if (asked !== null && asked.retryAtMs > 0) times.push(asked.retryAtMs);
  if (asked === null && waiting.length > 0) times.push(waitingSinceMs + config.checkpointMs);
  if (alert === null && log.admission.size < signed) times.push(lastEntryMs + QUIET_MS);
  return times.length === 0 ? undefined : { domain: 'clock', atMs: Math.min(...times) };
}

function onTimer(state: LogState, context: StepContext): void {
  const { log, asked, waiting, signed, alert } = state;
  const { clockMs } = context;
  if (log === undefined) return;
  askWitnessesAgain(state, clockMs);
  if (asked !== null && asked.retryAtMs > 0 && asked.retryAtMs <= clockMs) {
    asked.attempt += 1;
    asked.retryAtMs = 0;
  }
  if (asked === null && waiting.length > 0 && state.waitingSinceMs + state.config.checkpointMs <= clockMs)
    ask(state, log);
  if (alert === null && log.admission.size < signed && state.lastEntryMs + QUIET_MS <= clockMs)
    tellLog(
      state,
      context,
      'governance-topic-short',
      `the topic ends after ${log.admission.size} entries, and a tree of ${signed} entries was signed`,
      clockMs,
    );
}

function onEffectAnswer(state: LogState, answer: EffectAnswer, context: StepContext): void {
  const { log, asked } = state;
  if (log === undefined) return;
  if (answer.kind === WITNESS) return takeWitnessAnswer(state, log, answer, context);
  if (asked === null) return;
  const { outcome, payload, error, answeredMs } = answer;
  const { note, signed } = outcome === 'done' ? decodeAnswer(payload) : { note: '', signed: state.signed };
  const fault = outcome === 'done' ? noteFault(log, asked, note) : error;
  if (fault !== undefined) {
    asked.retryAtMs = context.clockMs + RETRY_MS;
    return tellLog(state, context, 'governance-store', fault, answeredMs);
  }
  state.asked = null;
  state.stored = asked.size;
  state.signed = Math.max(state.signed, signed);
  if (note !== '') {
    publishCheckpoint(context, log, { size: asked.size, note, id: String(asked.size) }, answeredMs);
    showWitnesses(state, log, asked.size, note);
  }
  if (log.admission.size >= state.signed) tellRecovered(state, context, answeredMs);
  if (state.waiting.length >= state.config.checkpointEntries) ask(state, log);
}

/** The folder is outside: what it says it has signed is checked as a reader would. */
function noteFault({ admission, trust }: Log, { size, root }: Asked, note: string): string | undefined {
  if (note === '') return undefined;
  try {
    // Witnesses are asked when it is signed.
    const opened = openCheckpoint(utf8(note), { ...trust, quorum: undefined }, verifiers, true);
    if (opened.origin === admission.origin && opened.size === size && equalBytes(opened.root, root)) return undefined;
    return `asked to sign ${size} entries of ${admission.origin}, the folder signed ${opened.size} of ${opened.origin}`;
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof RuntimeError)
      return `the folder's checkpoint does not verify: ${error.message}`;
    throw error;
  }
}
