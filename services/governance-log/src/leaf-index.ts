/** Leaf hashes by (model, seq), cut to 16 bytes: tells a record that was published twice from a fork, however old it is. */
import { equalBytes } from '@weir/ledger/bytes';

/** Of each leaf hash. Two entries of an author who tries for it agree in so many bytes after some 2^64 signatures. */
const KEPT = 16;

interface Row {
  bytes: Uint8Array;
  count: number;
}

/** 16 bytes an entry. */
export class LeafIndex {
  readonly #rows = new Map<string, Row>();

  /** The entry at the next seq of its model: chains begin with 1 and have no gap. */
  append(model: string, leaf: Uint8Array): void {
    let row = this.#rows.get(model);
    if (row === undefined) {
      row = { bytes: new Uint8Array(4 * KEPT), count: 0 };
      this.#rows.set(model, row);
    }
    if (row.count * KEPT === row.bytes.length) {
      const longer = new Uint8Array(row.bytes.length * 2);
      longer.set(row.bytes);
      row.bytes = longer;
    }
    row.bytes.set(leaf.subarray(0, KEPT), row.count * KEPT);
    row.count += 1;
  }

  /** Whether this leaf is the one that was admitted at (model, seq). */
  holds(model: string, seq: number, leaf: Uint8Array): boolean {
    const row = this.#rows.get(model);
    if (row === undefined || seq < 1 || seq > row.count) return false;
    return equalBytes(row.bytes.subarray((seq - 1) * KEPT, seq * KEPT), leaf.subarray(0, KEPT));
  }

  /** Rows in the order in which models first came. */
  save(): { readonly models: readonly (readonly [string, number])[]; readonly bytes: Uint8Array } {
    const rows = [...this.#rows];
    const bytes = Buffer.concat(rows.map(([, row]) => row.bytes.subarray(0, row.count * KEPT)));
    return { models: rows.map(([model, { count }]) => [model, count] as const), bytes };
  }

  static load(models: readonly (readonly [string, number])[], bytes: Uint8Array): LeafIndex {
    const index = new LeafIndex();
    let at = 0;
    for (const [model, count] of models) {
      const end = at + count * KEPT;
      if (end > bytes.length) throw new Error(`the saved leaf hashes of ${model} are torn`);
      index.#rows.set(model, { bytes: bytes.slice(at, end), count });
      at = end;
    }
    return index;
  }
}
