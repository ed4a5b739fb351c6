/** The logs of all partitions, as routes read them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '@weir/ledger/entry';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import { Problem } from '@weir/service-kit/http/problem';
import { DecisionIndex, type Filter } from './decision-index.ts';
import { createDisk } from './disk.ts';
import { LogReader, type ReadCheckpoint } from './log-reader.ts';
import { bundleFolder } from './store-handler.ts';

/** About half a second's. */
const MOST_BEHIND = 10_000;

/** An entry with where it lies, and the checkpoint that signs it. */
export interface Found {
  readonly log: Log;
  readonly checkpoint: ReadCheckpoint;
  readonly place: number;
  readonly entry: Entry;
}

export class Log {
  readonly reader: LogReader;
  readonly index: DecisionIndex;

  constructor(reader: LogReader, index: DecisionIndex) {
    this.reader = reader;
    this.index = index;
  }

  at(checkpoint: ReadCheckpoint, place: number): Found {
    const entry = decodeEntry(this.reader.entry(checkpoint.size, place), sha256);
    return { log: this, checkpoint, place, entry };
  }

  /** Newest first. */
  find(checkpoint: ReadCheckpoint, filter: Filter): readonly Found[] {
    return this.index.find(filter).map((place) => this.at(checkpoint, place));
  }

  /** The first of them that is such an entry: those behind it are not read. */
  first(checkpoint: ReadCheckpoint, filter: Filter, holds: (entry: Entry) => boolean): Found | undefined {
    for (const place of this.index.find(filter)) {
      const found = this.at(checkpoint, place);
      if (holds(found.entry)) return found;
    }
    return undefined;
  }
}

export class Logs {
  readonly #folder: string;
  readonly #partitions: number;
  readonly #mostBehind: number;
  readonly #logs = new Map<number, Log>();

  /** @param mostBehind entries that a question waits for; with more to be read it is told to come again */
  constructor(folder: string, partitions: number, mostBehind: number = MOST_BEHIND) {
    this.#folder = folder;
    this.#partitions = partitions;
    this.#mostBehind = mostBehind;
  }

  /** Undefined when the deployment has no such partition. */
  partition(partition: number): Log | undefined {
    if (!(Number.isInteger(partition) && partition >= 0 && partition < this.#partitions)) return undefined;
    let log = this.#logs.get(partition);
    if (log === undefined) {
      const reader = new LogReader(partition, createDisk(bundleFolder(this.#folder, partition)));
      log = new Log(reader, new DecisionIndex(reader, join(this.#folder, `${partition}.index.db`)));
      this.#logs.set(partition, log);
    }
    return log;
  }

  /**
   * Those with a checkpoint, their indices up to date. Another instance may own a partition: then its folder is not here.
   * @throws {Problem} NOT_READY while the index of a long log is made, which goes on meanwhile
   */
  async signed(): Promise<readonly { readonly log: Log; readonly checkpoint: ReadCheckpoint }[]> {
    const found: { log: Log; checkpoint: ReadCheckpoint }[] = [];
    for (let partition = 0; partition < this.#partitions; partition += 1) {
      if (!existsSync(bundleFolder(this.#folder, partition))) continue;
      const log = this.partition(partition) as Log;
      const refreshed = log.index.refresh();
      this.#demandNear(log, refreshed);
      const checkpoint = await refreshed;
      if (checkpoint !== undefined) found.push({ log, checkpoint });
    }
    return found;
  }

  #demandNear({ reader, index }: Log, refreshed: Promise<unknown>): void {
    const { behind } = index;
    if (behind <= this.#mostBehind) return;
    // What is wrong with the folder is told by the next question.
    refreshed.catch(() => {});
    throw new Problem(
      'NOT_READY',
      `the index of partition ${reader.partition} is being made: ${behind} of ${reader.latest()?.size} entries are still to be read; ask again in a few seconds`,
    );
  }

  async decision(decisionId: string): Promise<Found | undefined> {
    for (const { log, checkpoint } of await this.signed()) {
      const place = log.index.placeOf(decisionId);
      if (place !== undefined) return log.at(checkpoint, place);
    }
    return undefined;
  }

  /** The log that a model lives in; undefined when none has an entry of it. */
  async ofModel(model: string): Promise<{ readonly log: Log; readonly checkpoint: ReadCheckpoint } | undefined> {
    return (await this.signed()).find(({ log }) => log.index.find({ model, limit: 1 }).length > 0);
  }

  close(): void {
    for (const { index } of this.#logs.values()) index.close();
    this.#logs.clear();
  }
}
