/** `weir timeline`: which version of a model was live at a time and why, from a governance log that is verified first. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type DecisionSummary, type Live, liveAt, summaryOf } from '@weir/governance-log/answers';
import { DecisionIndex } from '@weir/governance-log/decision-index';
import { LogReader } from '@weir/governance-log/log-reader';
import { Log } from '@weir/governance-log/logs';
import type { BundleFiles } from '@weir/ledger/bundle';
import { equalBytes } from '@weir/ledger/bytes';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { RuntimeError } from '@weir/ledger/open-checkpoint';
import { TamperError, UnusableError } from '@weir/ledger/tampering';
import { parseTrust, type Trust, TrustError } from '@weir/ledger/trust';
import { verifyLog } from '@weir/ledger/verify';
import { needed, parseFlags } from '../../flags.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { isZip, openZip, whileStill } from '../verify/bundle-input.ts';

const HELP = `weir timeline PATH --model MODEL [--at TIME] --trust FILE [--limit N] [--json]

Which version of a model was live at a time, which decision says so, and the decisions up to then. The log is verified first, as weir
verify does: an answer from a log that is not sound is not given.

  PATH               a bundle (folder or .zip) of the governance log
  --model MODEL      id of the model
  --at TIME          like 2026-11-30T12:00:00Z, or ms since 1970; by the event times that decisions carry (default: the end of the log)
  --trust FILE       keys and rules, as for weir verify
  --limit N          decisions shown, the newest (default: 20)
  --json             one line of JSON

Exit code 0, 1 when the log is not sound, 2 when the input cannot be used or has no decision of the model.
`;

const FLAGS = {
  model: { type: 'string' },
  at: { type: 'string' },
  trust: { type: 'string' },
  limit: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
} as const;

export const timeline: Command = { help: HELP, options: FLAGS, run };

const MAX_LIMIT = 10_000;
/** The end of what a date can say, ms. */
const LAST_MS = 8_640_000_000_000_000;

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir timeline', args, FLAGS);
  const [path, ...rest] = words;
  if (path === undefined || rest.length > 0) throw new UsageError('one bundle is needed; see weir timeline --help');
  const model = needed('--model', flags.model, 'the id of a model');
  const trust = readTrust(needed('--trust', flags.trust, 'a trust file, as for weir verify'));
  const atMs = flags.at === undefined ? undefined : timeOf(flags.at);
  const limit = Number(flags.limit);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT))
    throw new UsageError(`--limit is ${JSON.stringify(flags.limit)}; it must be a number from 1 to ${MAX_LIMIT}`);
  if (!existsSync(path)) throw new UsageError(`${path} does not exist`);
  const ask = async (files: BundleFiles): Promise<Answer> => await answerOf(path, files, trust, { model, atMs, limit });
  try {
    const { live, decisions } = statSync(path).isDirectory()
      ? await whileStill(path, ask)
      : await ask(openZipped(path, readFileSync(path)));
    io.out(flags.json ? `${JSON.stringify({ model, live, decisions })}\n` : textOf(model, live, decisions));
    return 0;
  } catch (error) {
    if (error instanceof UnusableError || error instanceof RuntimeError)
      throw new UsageError(`${path}: ${error.message}`);
    if (!(error instanceof TamperError)) throw error;
    io.err(`${path} is not sound: ${error.message}; weir verify says more\n`);
    return 1;
  }
}

interface Question {
  readonly model: string;
  readonly atMs: number | undefined;
  readonly limit: number;
}

interface Answer {
  readonly live: Live;
  readonly decisions: readonly DecisionSummary[];
}

/** From the tree that was verified, or not at all. */
async function answerOf(path: string, files: BundleFiles, trust: Trust, asked: Question): Promise<Answer> {
  const { model, atMs, limit } = asked;
  const { checkpoint: sound } = verifyLog({ files, trust, sha256, verifiers, mode: 'full' });
  const reader = new LogReader(0, files);
  const log = new Log(reader, new DecisionIndex(reader, ':memory:'));
  try {
    const checkpoint = await log.index.refresh();
    if (checkpoint === undefined || !equalBytes(checkpoint.root, sound.root))
      throw new UsageError(`${path} changed while it was read; ask again`);
    const until = atMs === undefined ? {} : { untilMs: atMs };
    const found = log.find(checkpoint, { model, limit, ...until });
    if (log.index.find({ model, limit: 1 }).length === 0)
      throw new UsageError(`${path} has no decision of the model ${JSON.stringify(model)}`);
    return { live: liveAt(log, checkpoint, model, atMs), decisions: found.map(summaryOf) };
  } finally {
    log.index.close();
  }
}

function openZipped(path: string, bytes: Buffer): BundleFiles {
  if (isZip(path, bytes)) return openZip(bytes);
  throw new UsageError(`${path} is neither a folder nor a zip file`);
}

function textOf(model: string, live: Live, decisions: readonly DecisionSummary[]): string {
  const { at, champion, weights, halt, because } = live;
  const shares = Object.entries(weights ?? {}).map(([version, share]) => `${version} ${share / 10_000} %`);
  const lines = [
    `${model}${at === null ? '' : ` at ${new Date(at).toISOString()}`}: ${champion ?? 'nothing'} was live`,
    ...(shares.length === 0 ? [] : [`  traffic   ${shares.join(', ')}`]),
    ...(halt === 'none' ? [] : [`  halted    ${halt}`]),
    ...(because.champion === null ? [] : [`  because   ${lineOf(because.champion)}`]),
    ...(live.policyHash === null ? [] : [`  policy    ${live.policyHash}`]),
    '',
    ...decisions.map(lineOf),
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf({ time, kind, action, from, to, reasons, decisionId }: DecisionSummary): string {
  const moved = from === null && to === null ? '' : `  ${from ?? '–'} → ${to ?? '–'}`;
  const what = action === kind ? kind : `${kind} (${action})`;
  return `${new Date(time).toISOString()}  ${what}${moved}${reasons.length === 0 ? '' : `  ${reasons.join('; ')}`}  [${decisionId.slice(0, 16)}]`;
}

function readTrust(path: string): Trust {
  try {
    return parseTrust(readFileSync(path, 'utf8'), sha256);
  } catch (error) {
    if (error instanceof TrustError) throw new UsageError(`--trust ${path}, ${error.message}`);
    throw new UsageError(`--trust ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function timeOf(text: string): number {
  const ms = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms) && Math.abs(ms) <= LAST_MS) return ms;
  throw new UsageError(`--at is ${JSON.stringify(text)}; it must be ms since 1970 or like 2026-11-30T12:00:00Z`);
}
