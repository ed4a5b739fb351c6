/**
 * Peers from npm in the same run, where they are installed:
 * npm install --prefix DIR --ignore-scripts hypercore@10.38.0 merkletreejs@0.6.0, then WEIR_BENCH_PEERS=DIR.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { folderOnDisk, perSecond, row, seconds } from './clock.ts';

const INSTALL =
  'absent (npm install --prefix DIR --ignore-scripts hypercore@10.38.0 merkletreejs@0.6.0; WEIR_BENCH_PEERS=DIR)';
const HYPERCORE_BATCH = 256;

function peer(name: string): unknown {
  const folder = process.env['WEIR_BENCH_PEERS'];
  if (folder === undefined) return undefined;
  try {
    return createRequire(join(folder, 'package.json'))(name);
  } catch {
    return undefined;
  }
}

export async function benchPeers(entries: readonly Uint8Array[]): Promise<void> {
  await benchHypercore(entries.map((entry) => Buffer.from(entry.subarray(0, 499))));
  benchMerkletreejs(entries.slice(0, 10_000));
}

interface Hypercore {
  ready(): Promise<void>;
  append(blocks: Buffer | readonly Buffer[]): Promise<unknown>;
  close(): Promise<void>;
}

async function benchHypercore(blocks: readonly Buffer[]): Promise<void> {
  const Core = peer('hypercore') as (new (folder: string) => Hypercore) | undefined;
  if (Core === undefined) return row('hypercore 10.38: append', INSTALL);
  const folder = folderOnDisk();
  const core = new Core(folder);
  await core.ready();
  const single = blocks.slice(0, 5_000);
  const start = process.hrtime.bigint();
  for (const block of single) await core.append(block);
  const between = process.hrtime.bigint();
  for (let at = 0; at + HYPERCORE_BATCH <= blocks.length; at += HYPERCORE_BATCH)
    await core.append(blocks.slice(at, at + HYPERCORE_BATCH));
  const end = process.hrtime.bigint();
  await core.close();
  rmSync(folder, { recursive: true });
  row('hypercore 10.38: append one by one, 499 bytes', perSecond(single.length, Number(between - start) / 1e9));
  row('hypercore 10.38: append in batches of 256, 499 bytes', perSecond(blocks.length, Number(end - between) / 1e9));
}

interface MerkleTree {
  addLeaf(leaf: Buffer): void;
  getProof(leaf: Buffer): unknown;
  getRoot(): Buffer;
  verify(proof: unknown, leaf: Buffer, root: Buffer): boolean;
}

function benchMerkletreejs(entries: readonly Uint8Array[]): void {
  const found = peer('merkletreejs') as
    | { readonly MerkleTree: new (leaves: Buffer[], hash: unknown) => MerkleTree }
    | undefined;
  if (found === undefined) return row('merkletreejs 0.6: append', INSTALL);
  const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  const leaves = entries.map((entry) => sha256(Buffer.from(entry)));
  const tree = new found.MerkleTree(leaves.slice(0, -10), sha256);
  const adding = seconds(() => {
    for (const leaf of leaves.slice(-10)) tree.addLeaf(leaf);
  });
  const some = leaves.slice(0, 50);
  const proving = seconds(() => {
    for (const leaf of some)
      if (!tree.verify(tree.getProof(leaf), leaf, tree.getRoot())) throw new Error('its proof fails');
  });
  row(`merkletreejs 0.6: append to ${leaves.length} leaves`, `${((adding / 10) * 1e3).toFixed(1)} ms each`);
  row(`merkletreejs 0.6: prove and verify in ${leaves.length} leaves`, `${(some.length / proving).toFixed(0)} /s`);
}
