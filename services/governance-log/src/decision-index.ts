/**
 * Where decisions lie in a log: an index in SQLite over the signed entries, made from the bundles and made again when it does not fit them.
 * It decides nothing: what is answered is read from the bundle at the index, under the checkpoint.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { toHex } from '@weir/ledger/bytes';
import type { Entry } from '@weir/ledger/entry';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import { TILE_WIDTH } from '@weir/ledger/tiles';
import type { LogReader, ReadCheckpoint } from './log-reader.ts';
import { hasher } from './state.ts';

const FORMAT = 2;
/** Ids come in no order: with less than this in memory an index of 10^6 entries is written again and again while it is made. */
const SETTINGS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -65536;
`;
const TABLES = `
CREATE TABLE IF NOT EXISTS entry (
  place INTEGER PRIMARY KEY, decision TEXT NOT NULL, model TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL,
  kind TEXT NOT NULL, test TEXT, policy TEXT NOT NULL, leaf TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_decision ON entry (decision);
CREATE INDEX IF NOT EXISTS entry_model ON entry (model, seq, time);
CREATE INDEX IF NOT EXISTS entry_test ON entry (model, test, seq);
CREATE INDEX IF NOT EXISTS entry_kind ON entry (model, kind, place, time, seq);
`;

export interface Conditions {
  readonly model?: string;
  readonly kinds?: readonly string[];
  readonly test?: string;
  readonly policy?: string;
  /** Event time at the latest, ms. */
  readonly untilMs?: number;
  /** Entries of the model up to this seq. */
  readonly untilSeq?: number;
  /** Places below this one. */
  readonly before?: number;
}

export interface Filter extends Conditions {
  readonly oldestFirst?: boolean;
  readonly limit: number;
}

/** Of one model: its entries and the event times of the first and the last of them, ms. */
export interface Coverage {
  readonly model: string;
  readonly entries: number;
  readonly versions: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export class DecisionIndex {
  readonly #reader: LogReader;
  readonly #file: string;
  #database: DatabaseSync | undefined;
  readonly #statements = new Map<string, StatementSync>();
  #size = 0;
  #isClosed = false;
  #refreshing: Promise<ReadCheckpoint | undefined> | undefined;

  /** @param file of the index; ':memory:' for none */
  constructor(reader: LogReader, file: string) {
    this.#reader = reader;
    this.#file = file;
  }

  /** Reads what was signed since the last call. Resolves with the checkpoint that answers now stand under; undefined before the first. */
  async refresh(): Promise<ReadCheckpoint | undefined> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return await this.#refreshing;
  }

  /** Entries under the newest checkpoint that are not read yet. @throws {FolderError} when the manifest is damaged */
  get behind(): number {
    const checkpoint = this.#reader.latest();
    if (checkpoint === undefined) return 0;
    this.#open();
    return Math.max(0, checkpoint.size - this.#size);
  }

  /** What is being read is left where it is; a new index goes on from there. */
  close(): void {
    this.#isClosed = true;
    this.#statements.clear();
    this.#database?.close();
    this.#database = undefined;
  }

  /** The last entry with this decision id. */
  placeOf(decisionId: string): number | undefined {
    const row = this.#prepared('SELECT place FROM entry WHERE decision = ? ORDER BY place DESC LIMIT 1').get(
      decisionId,
    );
    return row === undefined ? undefined : Number(row['place']);
  }

  /** Places, newest first unless asked otherwise. */
  find(filter: Filter): readonly number[] {
    const { model, test, kinds, oldestFirst = false, limit } = filter;
    if (model === undefined || test !== undefined || kinds === undefined) return this.#places(filter);
    // Kind by kind the index of a model has them in order, and a kind that is rare is not looked for among all others.
    return kinds
      .flatMap((kind) => this.#places({ ...filter, kinds: [kind] }))
      .sort((a, b) => (oldestFirst ? a - b : b - a))
      .slice(0, limit);
  }

  #places({ oldestFirst = false, limit, ...filter }: Filter): readonly number[] {
    const { where, values } = conditionsOf(filter);
    // Of one model the chain and the tree have the same order: each by the index that has it, so that as few rows are read as are asked for.
    const order =
      filter.model !== undefined && (filter.kinds === undefined || filter.test !== undefined) ? 'seq' : 'place';
    const statement = this.#prepared(
      `SELECT place FROM entry ${where} ORDER BY ${order} ${oldestFirst ? 'ASC' : 'DESC'} LIMIT ?`,
    );
    return statement.all(...values, limit).map(({ place }) => Number(place));
  }

  count(filter: Conditions): number {
    const { where, values } = conditionsOf(filter);
    return Number(this.#prepared(`SELECT count(*) AS count FROM entry ${where}`).get(...values)?.['count']);
  }

  /** From when to when there are entries, for each model or for one. */
  coverage(model?: string): readonly Coverage[] {
    const { where, values } = conditionsOf(model === undefined ? {} : { model });
    const statement = this.#prepared(
      `SELECT model, count(*) AS entries, sum(kind = 'version-registered') AS versions, min(time) AS firstMs, max(time) AS lastMs
       FROM entry ${where} GROUP BY model ORDER BY model`,
    );
    return statement.all(...values).map((row) => ({
      model: String(row['model']),
      entries: Number(row['entries']),
      versions: Number(row['versions']),
      firstMs: Number(row['firstMs']),
      lastMs: Number(row['lastMs']),
    }));
  }

  async #refresh(): Promise<ReadCheckpoint | undefined> {
    const checkpoint = this.#reader.latest();
    if (checkpoint === undefined) return undefined;
    this.#open();
    if (this.#size > checkpoint.size) this.#reset();
    while (this.#size < checkpoint.size && !this.#isClosed) {
      this.#takeBundle(checkpoint);
      // A log of years is indexed without holding up what else the process answers.
      await new Promise(setImmediate);
    }
    return checkpoint;
  }

  #takeBundle({ size }: ReadCheckpoint): void {
    const database = this.#open();
    const bundle = Math.floor(this.#size / TILE_WIDTH);
    const insert = this.#prepared('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    database.exec('BEGIN');
    try {
      let place = bundle * TILE_WIDTH;
      for (const bytes of this.#reader.entries(size, bundle)) {
        if (place >= this.#size) insert.run(place, ...rowOf(bytes));
        place += 1;
      }
      database.exec('COMMIT');
      this.#size = place;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  #open(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    if (this.#file !== ':memory:') mkdirSync(dirname(this.#file), { recursive: true });
    const database = new DatabaseSync(this.#file);
    database.exec(SETTINGS);
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version !== FORMAT) database.exec('DROP TABLE IF EXISTS entry');
    database.exec(`${TABLES} PRAGMA user_version = ${FORMAT}`);
    this.#database = database;
    const last = database.prepare('SELECT place, leaf FROM entry ORDER BY place DESC LIMIT 1').get();
    this.#size = last === undefined ? 0 : Number(last['place']) + 1;
    if (last !== undefined && !this.#fits(Number(last['place']), String(last['leaf']))) this.#reset();
    return this.#database;
  }

  /** Few texts: one for each set of conditions. */
  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#open().prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Whether the log has the last entry of the index where the index says. */
  #fits(place: number, leaf: string): boolean {
    const checkpoint = this.#reader.latest();
    if (checkpoint === undefined || place >= checkpoint.size) return false;
    return toHex(hasher.leaf(this.#reader.entry(checkpoint.size, place))) === leaf;
  }

  #reset(): void {
    this.#database?.exec('DELETE FROM entry');
    this.#size = 0;
  }
}

function conditionsOf({ model, kinds, test, policy, untilMs, untilSeq, before }: Conditions): {
  readonly where: string;
  readonly values: readonly (string | number)[];
} {
  const equal: [string, string | number | undefined][] = [
    ['model = ?', model],
    ['test = ?', test],
    ['policy = ?', policy],
    ['time <= ?', untilMs],
    ['seq <= ?', untilSeq],
    ['place < ?', before],
  ];
  const parts: [string, readonly (string | number)[]][] = equal.flatMap(([text, value]) =>
    value === undefined ? [] : [[text, [value]] as [string, (string | number)[]]],
  );
  if (kinds !== undefined) parts.push([`kind IN (${kinds.map(() => '?').join(', ')})`, kinds]);
  const where = parts.length === 0 ? '' : `WHERE ${parts.map(([text]) => text).join(' AND ')}`;
  return { where, values: parts.flatMap(([, values]) => values) };
}

function rowOf(bytes: Uint8Array): readonly [string, string, number, number, string, string | null, string, string] {
  const { decisionId, model, seq, time, kind, decision }: Entry = decodeEntry(bytes, sha256);
  const { testId = null, policyHash } = decision;
  return [decisionId, model, seq, time, kind, testId, policyHash, toHex(hasher.leaf(bytes))];
}
