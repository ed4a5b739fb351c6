/** `weir verify`: whether a governance log, or one decision of it, is what was signed. Offline, with public keys alone. */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { BundleFiles } from '@weir/ledger/bundle';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { CheckpointError, type OpenedCheckpoint, openCheckpoint, RuntimeError } from '@weir/ledger/open-checkpoint';
import { formatSavedState, parseSavedState, type SavedState } from '@weir/ledger/saved-state';
import { TamperError, UnusableError } from '@weir/ledger/tampering';
import { parseTrust, type Trust, TrustError } from '@weir/ledger/trust';
import { LogVerifier, type Mode, type Summary } from '@weir/ledger/verify';
import { verifyProofFile } from '@weir/ledger/verify-proof';
import { parseFlags } from '../../flags.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { isZip, openZip, whileStill } from './bundle-input.ts';
import { provedJson, provedText, type Run, soundJson, soundText, unsoundJson, unsoundText } from './report.ts';
import { SignaturePool } from './signature-pool.ts';

const HELP = `weir verify PATH --trust FILE [--since FILE] [--state FILE] [--mode full|structure] [--json]

Checks a governance log offline: every signature, every chain of decisions, the Merkle tree over them, and that the log
is the one its checkpoints sign. Nothing in the bundle is trusted; what you trust is in the trust file, which you have
from elsewhere.

  PATH               a bundle (folder or .zip), or the proof of one decision (.tlog-proof)
  --trust FILE       keys and rules: lines of C2SP tlog-policy (log, witness, group, quorum) and
                       require ed25519 | ml-dsa-44         a signature that the checkpoint must have
                       log-sizes NAME+HASH FIRST-[LAST]    tree sizes that a log key may sign
                       entry-key VKEY [FIRST-[LAST]]       a key of a service, for these leaf indices
                       approver-key VKEY [FIRST-[LAST]]    a key of a person
  --since FILE       a checkpoint that you have kept: the log must still begin with it. Without one, a log whose
                     end was cut off together with its later checkpoints looks like an earlier log
  --state FILE       read only what is new since the last run, and keep where this run ended
  --mode full        check every entry's signature (default), on all cores
  --mode structure   rest on the checkpoint's signature over all entries; some ten times as fast
  --json             one line of JSON

Exit code 0 when the log is sound. 1 when it is not: tampered with or damaged, a torn or missing file among it (index,
model, seq and reason are named), or unfinished: sound as far as it is signed, with more in the folder than its readers
are shown. 2 when there was nothing to judge: PATH is none of these, an argument or the trust file cannot be used.
`;

const OPTIONS = {
  trust: { type: 'string' },
  since: { type: 'string' },
  state: { type: 'string' },
  mode: { type: 'string', default: 'full' },
  json: { type: 'boolean', default: false },
} as const;

export const verify: Command = { help: HELP, options: OPTIONS, run: verifyCommand };

interface Options {
  readonly path: string;
  readonly trust: Trust;
  readonly since: string | undefined;
  readonly state: string | undefined;
  readonly mode: Mode;
  readonly json: boolean;
}

const PROOF_HEADER = 'c2sp.org/tlog-proof@';
/** Below so many entries starting threads takes longer than checking their signatures. */
const WORTH_THREADS = 2_000;

async function verifyCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const options = parse(args);
  try {
    const { text, json } = await check(options, io);
    io.out(options.json ? `${JSON.stringify(json)}\n` : text);
    return 0;
  } catch (error) {
    if (error instanceof UnusableError || error instanceof RuntimeError)
      throw new UsageError(`${options.path}: ${error.message}`);
    if (!(error instanceof TamperError)) throw error;
    io.out(options.json ? `${JSON.stringify(unsoundJson(error))}\n` : unsoundText(error, options.path));
    return 1;
  }
}

interface Answer {
  readonly text: string;
  readonly json: object;
}

async function check(options: Options, io: CommandIo): Promise<Answer> {
  const { path, trust, mode } = options;
  const started = performance.now();
  const run = (more: Partial<Run>): Run => ({
    path,
    mode,
    seconds: (performance.now() - started) / 1_000,
    signatures: 0,
    threads: 0,
    since: undefined,
    resumed: undefined,
    ...more,
  });
  if (!existsSync(path)) throw new UsageError(`${path} does not exist`);
  if (statSync(path).isDirectory()) return await whileStill(path, (files) => checkBundle(options, files, run, io));
  const bytes = readPath(path);
  if (isZip(path, bytes)) return await checkBundle(options, openZip(bytes), run, io);
  // By its name too: a torn one is judged, and found not sound.
  if (bytes.toString('latin1', 0, PROOF_HEADER.length) !== PROOF_HEADER && !path.endsWith('.tlog-proof'))
    throw new UsageError(`${path} is neither a folder, nor a zip file, nor a .tlog-proof`);
  if (options.since !== undefined || options.state !== undefined)
    throw new UsageError('--since and --state are for bundles; a .tlog-proof carries the one checkpoint that it needs');
  const proved = verifyProofFile(bytes, trust, sha256, verifiers, mode);
  return { text: provedText(proved, run({})), json: provedJson(proved, run({})) };
}

function readPath(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

async function checkBundle(
  options: Options,
  files: BundleFiles,
  run: (more: Partial<Run>) => Run,
  io: CommandIo,
): Promise<Answer> {
  const { trust, mode } = options;
  const since = options.since === undefined ? undefined : openPinned(options.since, trust);
  const state = options.state === undefined ? undefined : readState(options.state);
  let signatures = 0;
  let pool: SignaturePool | undefined;
  const verifier = new LogVerifier({
    files,
    trust,
    sha256,
    verifiers,
    mode,
    ...(since === undefined ? {} : { since }),
    ...(state === undefined ? {} : { state }),
    checkEntry: (check) => {
      signatures += 1;
      return pool?.check(check) ?? verifiers.ed25519(check.key.key, check.message, check.signature);
    },
  });
  const threads = mode === 'full' && verifier.total - verifier.size >= WORTH_THREADS ? availableParallelism() : 0;
  if (threads > 0) pool = new SignaturePool(threads);
  const summary = await stepThrough(verifier, pool, io);
  if (options.state !== undefined) saveState(options.state, summary.state);
  const done = run({ signatures, threads, since: since?.size, resumed: state?.size });
  return { text: soundText(summary, done), json: soundJson(summary, done) };
}

async function stepThrough(verifier: LogVerifier, pool: SignaturePool | undefined, io: CommandIo): Promise<Summary> {
  try {
    const summary = await readAll(verifier, pool, io);
    await pool?.drain();
    if (pool?.failed !== undefined) throw verifier.refuseSignature(pool.failed);
    return summary;
  } catch (error) {
    // Of two faults the one that comes first in the log is named, also when threads have yet to find it.
    await pool?.drain();
    const failed = pool?.failed;
    if (
      error instanceof TamperError &&
      failed !== undefined &&
      failed < (error.tampering.index ?? Number.POSITIVE_INFINITY)
    )
      throw verifier.refuseSignature(failed);
    throw error;
  } finally {
    if (io.interactive) io.err('\r\x1b[K');
    await pool?.close();
  }
}

async function readAll(verifier: LogVerifier, pool: SignaturePool | undefined, io: CommandIo): Promise<Summary> {
  while (verifier.step() && pool?.failed === undefined) {
    await pool?.room();
    if (io.interactive) io.err(`\r\x1b[K${verifier.size} of ${verifier.total} entries`);
  }
  return verifier.summary();
}

function openPinned(path: string, trust: Trust): OpenedCheckpoint {
  try {
    return openCheckpoint(readOption('--since', path), trust, verifiers, false);
  } catch (error) {
    if (error instanceof CheckpointError)
      throw new UsageError(`--since ${path} is no checkpoint to compare with: ${error.message}`);
    throw error;
  }
}

function readState(path: string): SavedState | undefined {
  if (!existsSync(path)) return undefined;
  const state = parseSavedState(readOption('--state', path).toString('utf8'), sha256);
  if (state === undefined)
    throw new UsageError(`--state ${path} was not written by weir verify; remove it to read the whole log`);
  return state;
}

function saveState(path: string, state: SavedState): void {
  writeFileSync(`${path}.new`, formatSavedState(state));
  renameSync(`${path}.new`, path);
}

function readOption(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${option} ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parse(args: readonly string[]): Options {
  const { flags: values, words } = parseFlags('weir verify', args, OPTIONS);
  const [path, ...rest] = words;
  if (path === undefined || rest.length > 0)
    throw new UsageError('one bundle or .tlog-proof is needed; see weir verify --help');
  if (values.trust === undefined)
    throw new UsageError(
      '--trust FILE is needed: without keys that you have from elsewhere nothing in a bundle proves anything',
    );
  const { mode, since, state, json } = values;
  if (mode !== 'full' && mode !== 'structure') throw new UsageError(`--mode ${mode}: it is full or structure`);
  return { path, trust: readTrust(values.trust), since, state, mode, json };
}

function readTrust(path: string): Trust {
  try {
    return parseTrust(readOption('--trust', path).toString('utf8'), sha256);
  } catch (error) {
    if (error instanceof TrustError) throw new UsageError(`--trust ${path}, ${error.message}`);
    throw error;
  }
}
