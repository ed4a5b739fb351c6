/**
 * A thread that waits for the disk, so that the process does not: a disk that stands still for seconds must not cost a session of Kafka.
 * System calls one after another in a thread of their own take half the time that they take as promises.
 */
import { Worker } from 'node:worker_threads';
import type { Files, FileWriter } from './durable-files.ts';

export interface DiskJob {
  readonly id: number;
  /** Path. */
  readonly folder: string;
  readonly names: readonly string[];
  readonly groups: readonly Files[];
}

export interface DiskAnswer {
  readonly id: number;
  readonly error: unknown;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class DiskThread {
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #last = 0;

  /** Jobs run one after another, in the order of the calls. The folder is made by the first. */
  writerFor(folder: string): FileWriter {
    return {
      write: (...groups) => this.#run({ folder, groups, names: [] }),
      remove: (...names) => this.#run({ folder, groups: [], names }),
    };
  }

  #run(job: Omit<DiskJob, 'id'>): Promise<void> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, ...job } satisfies DiskJob);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./disk-worker.ts', import.meta.url));
    worker.on('message', ({ id, error }: DiskAnswer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      // A thread with nothing to do keeps no process alive.
      if (this.#waiting.size === 0) worker.unref();
      if (error === undefined) waiting?.resolve();
      else waiting?.reject(error);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the thread that writes the folder has ended with code ${code}`)));
    return worker;
  }

  /** The next job gets a new thread. */
  #fail(error: unknown): void {
    const waiting = [...this.#waiting.values()];
    this.#worker = undefined;
    this.#waiting = new Map();
    for (const { reject } of waiting) reject(error);
  }
}
