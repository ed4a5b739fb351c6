/** A worker of SignaturePool: a batch in, the index of its first false signature out. */
import { parentPort } from 'node:worker_threads';
import { verifiers } from '@weir/ledger/node-crypto';
import type { BatchAnswer, Job } from './signature-pool.ts';

parentPort?.on('message', (batch: readonly Job[]) => {
  const bad = batch.find(({ key, message, signature }) => !verifiers.ed25519(key, message, signature));
  const answer: BatchAnswer = bad?.index ?? -1;
  parentPort?.postMessage(answer);
});
