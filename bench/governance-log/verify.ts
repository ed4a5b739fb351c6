/** L2: a whole log, the rest of a log, one proof. */

import { BundleWriter } from '@weir/ledger/bundle';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  rangeHash,
  verifyConsistency,
  verifyInclusion,
} from '@weir/ledger/proof';
import { TreeHasher } from '@weir/ledger/tree';
import { parseTrust } from '@weir/ledger/trust';
import { type Mode, type Summary, type VerifierOptions, verifyLog } from '@weir/ledger/verify';
import { bundleOf, type Files, trustText } from '../../packages/ledger/test/scene.ts';
import { bar, medianCpuSeconds, perSecond, row } from './clock.ts';
import { filesOf } from './log.ts';

const hasher = new TreeHasher(sha256);
const trust = parseTrust(trustText(), sha256);
const FULL = 20_000;
const NEW = 256;
/** One proof is too short for the CPU clock. */
const TURNS = 200;

const verified = (files: Files, mode: Mode, more: Partial<VerifierOptions> = {}): Summary =>
  verifyLog({ files: bundleOf(files), trust, sha256, verifiers, mode, ...more });

export function benchVerify(entries: readonly Uint8Array[]): void {
  const files = filesOf(entries, new BundleWriter(hasher));
  const rounds = entries.length > 300_000 ? 1 : 3;
  const structure = medianCpuSeconds(rounds, () => verified(files, 'structure'));
  const million = (structure / entries.length) * 1e6;
  row(
    `verify, structure, ${entries.length} entries, one core`,
    `${perSecond(entries.length, structure)}, ${million.toFixed(1)} s per 10^6${bar(million <= 5, '5 s')}`,
  );
  const part = filesOf(entries.slice(0, FULL), new BundleWriter(hasher));
  const full = medianCpuSeconds(1, () => verified(part, 'full'));
  row(
    `verify, full, ${FULL} entries, one core`,
    `${perSecond(FULL, full)}, ${((full / FULL) * 1e6).toFixed(0)} s per 10^6`,
  );
  const { state } = verified(filesOf(entries.slice(0, -NEW), new BundleWriter(hasher)), 'structure');
  const rest = medianCpuSeconds(9, () => verified(files, 'structure', { state }));
  row(`verify, structure, ${NEW} new entries after a saved state`, `${(rest * 1e3).toFixed(2)} ms`);
  benchProofs();
}

/** A tree whose leaves are all equal has one hash per level: as deep as any tree, and there at once. */
function uniformTree(): NodeReader {
  const levels = [hasher.leaf(Uint8Array.of(1))];
  return (level) => {
    while (levels.length <= level) levels.push(hasher.node(levels.at(-1) as Uint8Array, levels.at(-1) as Uint8Array));
    return levels[level] as Uint8Array;
  };
}

function benchProofs(): void {
  const node = uniformTree();
  const size = 2 ** 20;
  const root = node(20, 0);
  const proofs = Array.from({ length: 1_000 }, (_, at) => {
    const index = (at * 7_919) % size;
    return { index, path: inclusionProof(hasher, node, index, size) };
  });
  const took = medianCpuSeconds(9, () => {
    for (const { index, path } of proofs)
      if (!verifyInclusion(hasher, index, size, node(0, index), path, root)) throw new Error(`proof ${index} fails`);
  });
  const rate = proofs.length / took;
  row('inclusion proofs verified at depth 20', perSecond(proofs.length, took) + bar(rate >= 30_000, '30 k/s'));
  const [old, now] = [9_999_000, 10_000_000];
  const oldRoot = rangeHash(hasher, node, 0, old);
  const nowRoot = rangeHash(hasher, node, 0, now);
  const turns = medianCpuSeconds(9, () => {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const proof = consistencyProof(hasher, node, old, now);
      if (!verifyConsistency(hasher, old, now, oldRoot, nowRoot, proof)) throw new Error('the consistency proof fails');
    }
  });
  const consistency = turns / TURNS;
  row(
    'consistency of 9,999,000 with 10,000,000 leaves',
    `${(consistency * 1e3).toFixed(3)} ms${bar(consistency <= 0.005, '5 ms')}`,
  );
}
