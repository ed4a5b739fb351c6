/** The effect `store`, and the folders that it writes: one request after another per partition, each in the order of log-folder.ts. */
import { join } from 'node:path';
import { equalBytes, utf8 } from '@weir/ledger/bytes';
import { CheckpointError } from '@weir/ledger/open-checkpoint';
import { type EffectHandler, EffectRefused } from '@weir/service-kit/effects/effect';
import type { CheckpointKeys } from './checkpoint-keys.ts';
import { createDisk } from './disk.ts';
import { DiskThread } from './disk-thread.ts';
import { LogFolder } from './log-folder.ts';
import { type LogConfig, originOf, trustOf, trustText } from './log-trust.ts';
import { decodeRequest, encodeAnswer, type StoreRequest } from './store-request.ts';
import { FolderError } from './stored-tree.ts';

/** A request may bring many entries after the disk was away. */
const DEADLINE_MS = 120_000;

/** Bundle and trust file of a partition, as `weir verify` takes them. */
export function bundleFolder(folder: string, partition: number): string {
  return join(folder, String(partition));
}

export function trustFile(folder: string, partition: number): string {
  return join(folder, trustName(partition));
}

function trustName(partition: number): string {
  return `${partition}.trust`;
}

export interface StoreOptions {
  readonly folder: string;
  readonly config: LogConfig;
  readonly keys: CheckpointKeys;
  /** Wall clock, ms: for signatures that carry their time. */
  readonly now: () => number;
}

/** The folders of all partitions: each has one queue of what is written to it. */
export class Stores {
  readonly #options: StoreOptions;
  readonly #partitions = new Map<number, PartitionStore>();
  readonly #thread = new DiskThread();

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  of(partition: number): PartitionStore {
    let store = this.#partitions.get(partition);
    if (store === undefined) {
      store = new PartitionStore(this.#options, this.#thread, partition);
      this.#partitions.set(partition, store);
    }
    return store;
  }
}

export function storeHandler({ keys }: Pick<StoreOptions, 'keys'>, stores: Stores): EffectHandler {
  return {
    run: async ({ payload }, { epoch }) => {
      if (keys.keys.length === 0)
        throw new EffectRefused('there is no key to sign with: WEIR_GOVERNANCE_KEY_FILE names none');
      const request = decodeRequest(payload);
      return encodeAnswer(await stores.of(request.partition).run(request, epoch));
    },
    deadlineMs: DEADLINE_MS,
  };
}

class PartitionStore {
  readonly #options: StoreOptions;
  readonly #partition: number;
  readonly #thread: DiskThread;
  readonly #folder: LogFolder;
  /** Owners of this process: one that was taken over signs nothing more. */
  #epoch = 0n;
  /** A try that has outlived its deadline still runs. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: StoreOptions, thread: DiskThread, partition: number) {
    const { folder, config, keys } = options;
    this.#options = options;
    this.#thread = thread;
    this.#partition = partition;
    const path = bundleFolder(folder, partition);
    const signers = keys.signersFor(originOf(config, partition));
    this.#folder = new LogFolder(createDisk(path), thread.writerFor(path), trustOf(config, partition), signers);
  }

  run(request: StoreRequest, epoch: bigint): ReturnType<LogFolder['store']> {
    const next = this.#last.then(() => this.#store(request, epoch));
    this.#last = next.catch(() => {});
    return next;
  }

  /** As `LogFolder.cosign`, in turn with requests to store. */
  cosign(size: number, lines: readonly string[]): ReturnType<LogFolder['cosign']> {
    const next = this.#last.then(() => this.#folder.cosign(size, lines));
    this.#last = next.catch(() => {});
    return next;
  }

  note(size: number): Uint8Array | undefined {
    return this.#folder.note(size);
  }

  consistency(from: number, size: number): readonly Uint8Array[] {
    return this.#folder.consistency(from, size);
  }

  async #store(request: StoreRequest, epoch: bigint): ReturnType<LogFolder['store']> {
    const { folder, config, now } = this.#options;
    if (epoch < this.#epoch)
      throw new EffectRefused(`the owner of epoch ${epoch} was taken over by that of ${this.#epoch}`);
    this.#epoch = epoch;
    const origin = originOf(config, this.#partition);
    if (request.origin !== origin)
      throw new EffectRefused(`the request is for ${request.origin}, this service signs ${origin}`);
    try {
      const answer = await this.#folder.store(request, Math.floor(now() / 1_000));
      await this.#writeTrust();
      return answer;
    } catch (error) {
      if (error instanceof FolderError || error instanceof CheckpointError)
        throw new EffectRefused(`${bundleFolder(folder, this.#partition)}: ${error.message}`);
      throw error;
    }
  }

  /** Beside the bundle, not in it: what a reader trusts comes from elsewhere. This is what to hand out. */
  async #writeTrust(): Promise<void> {
    const { folder, config } = this.#options;
    const name = trustName(this.#partition);
    const text = utf8(trustText(config, this.#partition));
    const held = createDisk(folder).read(name);
    if (held === undefined || !equalBytes(held, text))
      await this.#thread.writerFor(folder).write(new Map([[name, text]]));
  }
}
