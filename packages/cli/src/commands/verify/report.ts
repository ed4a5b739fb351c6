/** What `weir verify` says, as text or as one line of JSON. */
import { toBase64 } from '@weir/ledger/bytes';
import type { Entry } from '@weir/ledger/entry';
import type { OpenedCheckpoint } from '@weir/ledger/open-checkpoint';
import { type TamperError, UnfinishedError } from '@weir/ledger/tampering';
import type { Mode, Summary } from '@weir/ledger/verify';
import type { ProvedEntry } from '@weir/ledger/verify-proof';

export interface Run {
  readonly path: string;
  readonly mode: Mode;
  readonly seconds: number;
  /** Signatures of entries and approvals that were checked. */
  readonly signatures: number;
  readonly threads: number;
  /** Leaves of the pinned checkpoint and of the saved state, where there were any. */
  readonly since: number | undefined;
  readonly resumed: number | undefined;
}

const count = (amount: number, one: string, many = `${one}s`): string => `${amount} ${amount === 1 ? one : many}`;

export function soundText(summary: Summary, run: Run): string {
  const { checkpoint, entries, models } = summary;
  const begin = run.resumed === undefined ? '' : `, continuing at ${run.resumed} leaves that were verified before`;
  return lines(`sound: ${checkpoint.origin}`, [
    [
      'entries',
      `${count(entries, 'entry', 'entries')} read${begin}; ${count(models, 'model')} to date, each an unbroken chain`,
    ],
    ['signatures', signatures(run)],
    ...checkpointRows(checkpoint),
    [
      'history',
      `${count(summary.checkpoints, 'root')} compared${run.since === undefined ? '' : `; the pinned checkpoint at ${run.since} leaves is its beginning`}`,
    ],
    ...(summary.ignored.length === 0 ? [] : [['ignored', ignored(summary.ignored)] as const]),
    ['took', `${run.seconds.toFixed(2)} s`],
  ]);
}

const SHOWN = 5;

function ignored(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${count(names.length, 'file')}, no part of a bundle: ${shown}${more}`;
}

function signatures({ mode, signatures: checked, threads }: Run): string {
  if (mode === 'structure')
    return 'of entries not checked one by one: they rest on the signed checkpoint (--mode structure)';
  return `${count(checked, 'signature')} of entries and approvals, all valid${threads > 0 ? `, on ${count(threads, 'thread')}` : ''}`;
}

export function provedText({ checkpoint, index, entry }: ProvedEntry, run: Run): string {
  return lines(`sound: ${entry.model} seq ${entry.seq} is entry ${index} of ${checkpoint.origin}`, [
    ['decision', `${entry.kind} at ${new Date(entry.time).toISOString()} by ${actorOf(entry)}`],
    ['reasons', entry.decision.reasons.join('; ') || 'none given'],
    ['id', entry.decisionId],
    [
      'signature',
      run.mode === 'full'
        ? `valid, of ${entry.keyId}`
        : 'not checked: it rests on the signed checkpoint (--mode structure)',
    ],
    ...checkpointRows(checkpoint),
  ]);
}

function actorOf({ actor }: Entry): string {
  return 'service' in actor ? actor.service : `${actor.principal} (${actor.role})`;
}

function checkpointRows({ size, root, kinds, notChecked, witnesses, quorum }: OpenedCheckpoint): [string, string][] {
  const unchecked = notChecked.length === 0 ? '' : `; NOT CHECKED, this runtime cannot: ${notChecked.join(', ')}`;
  return [
    ['checkpoint', `${count(size, 'leaf', 'leaves')}, root ${toBase64(root)}`],
    [
      'signed by',
      `the log with ${kinds.join(' and ')}${unchecked}${witnesses.length === 0 ? '' : `; witnesses ${witnesses.join(', ')}`}`,
    ],
    ['witnesses', quorum === null ? 'none needed by the trust file' : `quorum ${quorum}: met`],
  ];
}

const UNFINISHED =
  'a service that was stopped while it wrote leaves this and mends it when it starts; where none writes, the end of the log is being hidden';

export function unsoundText(error: TamperError, path: string): string {
  const { reason, detail, index, model, seq } = error.tampering;
  const where = [
    ...(index === undefined ? [] : [`index ${index}`]),
    ...(model === undefined ? [] : [`model ${model}`]),
    ...(seq === undefined ? [] : [`seq ${seq}`]),
  ].join(', ');
  const isUnfinished = error instanceof UnfinishedError;
  return lines(`${isUnfinished ? 'UNFINISHED' : 'TAMPERED'}: ${path}`, [
    ...(isUnfinished ? [['sound', `${count(error.size, 'leaf', 'leaves')}, all that is signed`] as const] : []),
    ...(where === '' ? [] : [['where', where] as const]),
    ['reason', reason],
    ['detail', detail],
    ...(isUnfinished ? [['cause', UNFINISHED] as const] : []),
  ]);
}

export function unsoundJson(error: TamperError): object {
  if (error instanceof UnfinishedError) return { verdict: 'unfinished', sound: error.size, ...error.tampering };
  return { verdict: 'tampered', ...error.tampering };
}

export function soundJson(summary: Summary, run: Run): object {
  const { checkpoint, entries, models, checkpoints } = summary;
  return {
    verdict: 'sound',
    ...checkpointJson(checkpoint),
    mode: run.mode,
    entries,
    models,
    checkpoints,
    signatures: run.signatures,
    ignored: summary.ignored,
    since: run.since ?? null,
    resumedAt: run.resumed ?? null,
    seconds: run.seconds,
  };
}

export function provedJson({ checkpoint, index, entry }: ProvedEntry, { mode }: Run): object {
  return { verdict: 'sound', ...checkpointJson(checkpoint), mode, index, entry };
}

function checkpointJson({ origin, size, root, kinds, notChecked, witnesses, quorum }: OpenedCheckpoint): object {
  return { origin, size, root: toBase64(root), kinds, notChecked, witnesses, quorum };
}

function lines(title: string, rows: readonly (readonly [string, string])[]): string {
  return `${title}\n${rows.map(([name, text]) => `  ${name.padEnd(11)} ${text}\n`).join('')}`;
}
