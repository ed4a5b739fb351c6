/** L1: entries into chain, tree and tiles, in memory and durably. */
import { rmSync } from 'node:fs';
import { type AdmissionState, admit, advance } from '@weir/ledger/admission';
import { BundleWriter, CHECKPOINT, checkpointPath, formatManifest, MANIFEST } from '@weir/ledger/bundle';
import { chainFault, emptyHead, type Head, nextHead } from '@weir/ledger/chain';
import { type Checkpoint, signCheckpoint } from '@weir/ledger/checkpoint';
import type { Entry } from '@weir/ledger/entry';
import { decodeEntry, signatureOf, signedMessage } from '@weir/ledger/entry-codec';
import { KeyRing } from '@weir/ledger/keys';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { TreeHasher } from '@weir/ledger/tree';
import { LOG_SIGNER, OLD_KEY, ORIGIN } from '../../packages/ledger/test/scene.ts';
import { DiskThread } from '../../services/governance-log/src/disk-thread.ts';
import type { Files } from '../../services/governance-log/src/durable-files.ts';
import { bar, cpuSeconds, folderOnDisk, median, medianCpuSeconds, perSecond, row } from './clock.ts';

const BATCH = 256;
const ROUNDS = 5;
const GROUPS = [256, 512, 1_024];
/** Within which an entry is to be durable. */
const GROUP_SECONDS = 0.005;
const hasher = new TreeHasher(sha256);

/** Chain links of entries that were signed and read before: what an append adds is hash, chain, tree and tiles. */
function append(entries: readonly Uint8Array[], decoded: readonly Entry[]): void {
  const writer = new BundleWriter(hasher);
  const heads = new Map<string, Head>();
  for (const [index, bytes] of entries.entries()) {
    const entry = decoded[index] as Entry;
    const head = heads.get(entry.model) ?? emptyHead(ORIGIN, entry.model, sha256);
    const leaf = hasher.leaf(bytes);
    if (chainFault(head, entry)?.reason === 'gap') throw new Error('the chain is torn');
    heads.set(entry.model, nextHead(head, entry, leaf));
    writer.append(bytes, leaf);
    if (writer.size % BATCH === 0) writer.take();
  }
}

/** Admission as the log service does it, but for the signature, whose cost is a row of its own. */
function admitted(entries: readonly Uint8Array[]): void {
  const keys = new KeyRing([{ role: 'entry', vkey: OLD_KEY.vkey, first: 0, last: Infinity }]);
  const state: AdmissionState = { origin: ORIGIN, size: 0, heads: new Map(), keys };
  const tools = { hasher, checkRotation: () => true };
  const writer = new BundleWriter(hasher);
  for (const bytes of entries) {
    const verdict = admit(state, { bytes }, tools);
    if (verdict.reason !== undefined) throw new Error(verdict.detail);
    advance(state, verdict, hasher);
    writer.append(bytes, verdict.leaf);
    if (writer.size % BATCH === 0) writer.take();
  }
}

/**
 * The service's own order (log-folder.ts) and its own thread: bundles and tiles durable with their names, the tree signed, `checkpoints/<size>`
 * durable, then the manifest and `checkpoint`. While the thread waits for the disk, the entries that came meanwhile are hashed.
 * @returns seconds per commit
 */
async function durably(entries: readonly Uint8Array[], group: number, folder: string): Promise<readonly number[]> {
  const files = new DiskThread().writerFor(folder);
  const writer = new BundleWriter(hasher);
  const commit = async (tiles: Files, checkpoint: Checkpoint): Promise<number> => {
    const start = performance.now();
    await files.write(tiles);
    const note = signCheckpoint(checkpoint, [LOG_SIGNER], 0);
    const path = checkpointPath(checkpoint.size);
    const manifest = formatManifest({ origin: ORIGIN, checkpoints: [path] });
    await files.write(
      new Map([[path, note]]),
      new Map([
        [MANIFEST, manifest],
        [CHECKPOINT, note],
      ]),
    );
    return (performance.now() - start) / 1_000;
  };
  const took: number[] = [];
  let last: Promise<unknown> = Promise.resolve();
  for (let start = 0; start + group <= entries.length; start += group) {
    for (const entry of entries.slice(start, start + group)) writer.append(entry);
    await last;
    const tree = { origin: ORIGIN, size: writer.size, root: writer.root() };
    last = commit(writer.take(), tree).then((seconds) => took.push(seconds));
  }
  await last;
  return took;
}

/** Group commit: a commit takes what came while the one before it ran. At the bar's rate, 5 ms bring two bundles. */
async function benchDurable(entries: readonly Uint8Array[]): Promise<void> {
  let best = 0;
  for (const group of GROUPS) {
    const folder = folderOnDisk();
    try {
      const start = performance.now();
      const commits = await durably(entries, group, folder);
      const elapsed = (performance.now() - start) / 1_000;
      const middle = median(commits);
      if (middle <= GROUP_SECONDS) best = Math.max(best, (commits.length * group) / elapsed);
      const tail = commits.toSorted((a, b) => a - b)[Math.floor(commits.length * 0.99)] as number;
      row(
        `append durably, 499 bytes, a signed checkpoint per ${group}`,
        `${perSecond(commits.length * group, elapsed)}, a commit ${(middle * 1e3).toFixed(2)} ms, p99 ${(tail * 1e3).toFixed(2)} ms${bar(tail <= 1, 'a proof within 1 s')}`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  row(
    'append durably, best of the groups whose commit takes 5 ms',
    perSecond(best, 1) + bar(best >= 100_000, '100 k/s'),
  );
}

export async function benchAppend(entries: readonly Uint8Array[]): Promise<void> {
  const decoded = entries.map((bytes) => decodeEntry(bytes, sha256));
  const bytes = Math.round(entries.reduce((sum, { length }) => sum + length, 0) / entries.length);
  // The peers' figures are of 499 bytes, which is less than the hashes, signature and names of an entry take.
  const short = entries.map((entry) => entry.subarray(0, 499));
  for (const [what, of] of [
    ['499 bytes', short],
    [`${bytes} bytes`, entries],
  ] as const) {
    const took = medianCpuSeconds(ROUNDS, () => append(of, decoded));
    const rate = of.length / took;
    row(
      `append in memory, ${what}: hash, chain, tree, tiles`,
      perSecond(of.length, took) + bar(rate >= 300_000, '300 k/s'),
    );
  }
  const whole = medianCpuSeconds(ROUNDS, () => admitted(entries));
  row(`admit and append, ${bytes} bytes: parse, schema, id, chain, tree, tiles`, perSecond(entries.length, whole));
  await benchDurable(short);
  benchSignatures(entries.slice(0, 10_000), decoded);
}

function benchSignatures(entries: readonly Uint8Array[], decoded: readonly Entry[]): void {
  const messages = entries.map((bytes, index) => signedMessage(bytes, decoded[index] as Entry));
  const signing = cpuSeconds(() => messages.map((message) => OLD_KEY.sign(message)));
  row('Ed25519 signatures of entries', perSecond(messages.length, signing));
  const verifying = cpuSeconds(() =>
    messages.map((message, index) => verifiers.ed25519(OLD_KEY.key, message, signatureOf(decoded[index] as Entry))),
  );
  row('Ed25519 verifications of entries', perSecond(messages.length, verifying));
}
