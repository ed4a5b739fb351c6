/** A long signed log in memory: what the benchmarks append and verify. */
import { BundleWriter, CHECKPOINT, checkpointPath, formatManifest, MANIFEST } from '@weir/ledger/bundle';
import { signCheckpoint } from '@weir/ledger/checkpoint';
import { Author } from '../../packages/ledger/test/author.ts';
import { type Files, LOG_SIGNER, OLD_KEY, ORIGIN } from '../../packages/ledger/test/scene.ts';

const MODELS = 50;

export function signedEntries(count: number): Uint8Array[] {
  const author = new Author(ORIGIN, OLD_KEY);
  const change = {
    decision: {
      weights: { 'v2001.03': 950_000, 'v2001.04': 50_000 },
      evidence: { eValue: 21_500_000_000, effectPp: -120_000_000, samples: 48_211 },
      reasons: ['e-value above 1/alpha at 48211 matured outcomes', 'latency within its guardrail'],
    },
  };
  return Array.from({ length: count }, (_, index) => author.write(`model-${index % MODELS}`, 'weights-set', change));
}

export function filesOf(entries: readonly Uint8Array[], writer: BundleWriter): Files {
  for (const entry of entries) writer.append(entry);
  const files = writer.take();
  const { size } = writer;
  const note = signCheckpoint({ origin: ORIGIN, size, root: writer.root() }, [LOG_SIGNER], 0);
  files.set(checkpointPath(size), note);
  files.set(CHECKPOINT, note);
  files.set(MANIFEST, formatManifest({ origin: ORIGIN, checkpoints: [checkpointPath(size)] }));
  return files;
}
