/** The thread of disk-thread.ts. */
import { parentPort } from 'node:worker_threads';
import type { DiskAnswer, DiskJob } from './disk-thread.ts';
import { type DurableFiles, filesIn } from './durable-files.ts';

const folders = new Map<string, DurableFiles>();

parentPort?.on('message', ({ id, folder, groups, names }: DiskJob) => {
  const answer: DiskAnswer = { id, error: undefined };
  try {
    let files = folders.get(folder);
    if (files === undefined) {
      files = filesIn(folder);
      folders.set(folder, files);
    }
    files.remove(...names);
    files.write(...groups);
    parentPort?.postMessage(answer);
  } catch (error) {
    parentPort?.postMessage({ ...answer, error });
  }
});
