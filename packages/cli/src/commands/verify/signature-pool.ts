/** Entry signatures on worker threads: an Ed25519 verification takes a hundred times as long as everything else about an entry. */
import { Worker } from 'node:worker_threads';
import type { SignatureCheck } from '@weir/ledger/admission';

export interface Job {
  readonly index: number;
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Index of the first job of the batch that does not hold; −1 when all hold. */
export type BatchAnswer = number;

const BATCH = 256;
/** Batches per worker that may wait: enough to keep it busy, few enough to keep memory small. */
const WAITING = 4;

export class SignaturePool {
  readonly #workers: { readonly worker: Worker; waiting: number }[];
  #batch: Job[] = [];
  #failed: number | undefined;
  #fault: Error | undefined;
  /** Called when a worker has answered or failed. */
  #wake: () => void = () => {};

  constructor(threads: number) {
    this.#workers = Array.from({ length: threads }, () => {
      const slot = { worker: new Worker(new URL('./signature-worker.ts', import.meta.url)), waiting: 0 };
      slot.worker.on('message', (answer: BatchAnswer) => {
        slot.waiting -= 1;
        if (answer >= 0 && (this.#failed === undefined || answer < this.#failed)) this.#failed = answer;
        this.#wake();
      });
      slot.worker.on('error', (error) => {
        this.#fault = error instanceof Error ? error : new Error(String(error));
        this.#wake();
      });
      return slot;
    });
  }

  /** The lowest index whose signature is known not to hold. */
  get failed(): number | undefined {
    return this.#failed;
  }

  /** Always true: what was found out is in `failed` after `drain`. */
  check({ index, key, message, signature }: SignatureCheck): boolean {
    this.#batch.push({ index, key: key.key, message, signature });
    if (this.#batch.length >= BATCH) this.#send();
    return true;
  }

  /** Waits until the workers can take more. */
  async room(): Promise<void> {
    await this.#until(() => this.#workers.some(({ waiting }) => waiting < WAITING));
  }

  /** Waits until every signature was checked. */
  async drain(): Promise<void> {
    this.#send();
    await this.#until(() => this.#workers.every(({ waiting }) => waiting === 0));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#fault !== undefined) throw this.#fault;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #send(): void {
    if (this.#batch.length === 0) return;
    const slot = this.#workers.reduce((least, one) => (one.waiting < least.waiting ? one : least));
    slot.waiting += 1;
    slot.worker.postMessage(this.#batch);
    this.#batch = [];
  }
}
