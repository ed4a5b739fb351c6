/**
 * A window over event time, made of panes: what it holds depends on the values and their times, not on the order in which they came.
 * D is computed when a pane closes, over the panes of the last `spanMs`; a pane without values closes without a word.
 */
import { extremeOf } from './extreme.ts';
import { onsetOf } from './onset.ts';
import type { Reference } from './reference.ts';
import { gcd, type KsReading } from './sliding-ks.ts';

/** Panes in a window: an evaluation at each twelfth of it. */
export const PANES = 12;

export interface SavedPane {
  readonly pane: number;
  /** Values per bin, length 2k + 1. */
  readonly counts: Uint32Array;
}

export class PanedWindow {
  readonly reference: Reference;
  readonly spanMs: number;
  readonly #paneMs: number;
  /** Values per bin and pane; those up to `#closed` are in the window, the others wait. O(k) memory each. */
  readonly #panes = new Map<number, Uint32Array>();
  readonly #counts: Uint32Array;
  #closed = Number.NEGATIVE_INFINITY;
  #size = 0;
  /** End of the oldest pane that waits, ms; Infinity when none does. */
  nextMs: number = Number.POSITIVE_INFINITY;

  /** @param spanMs at least PANES ms */
  constructor(reference: Reference, spanMs: number) {
    this.reference = reference;
    this.spanMs = spanMs;
    this.#paneMs = spanMs / PANES;
    this.#counts = new Uint32Array(2 * reference.values.length + 1);
  }

  /** Values in the window as it was at the last close. */
  get windowSize(): number {
    return this.#size;
  }

  /** Pane whose close was the last; -Infinity before the first. */
  get closed(): number {
    return this.#closed;
  }

  /** End of the window as it was at the last close, ms; 0 before the first. */
  get endMs(): number {
    return Number.isFinite(this.#closed) ? this.#endMs(this.#closed) : 0;
  }

  /** A value by its bin id. False when its pane has closed: too late to count. O(1). */
  add(bin: number, eventTimeMs: number): boolean {
    const pane = Math.floor(eventTimeMs / this.#paneMs);
    if (pane <= this.#closed) return false;
    let counts = this.#panes.get(pane);
    if (counts === undefined) {
      counts = new Uint32Array(this.#counts.length);
      this.#panes.set(pane, counts);
      this.nextMs = Math.min(this.nextMs, this.#endMs(pane));
    }
    counts[bin] = (counts[bin] as number) + 1;
    return true;
  }

  /** Closes, oldest first, every waiting pane that ends by the watermark, and tells of each after it has joined the window. O(k) a pane. */
  close(watermarkMs: number, visit: (endMs: number) => void): void {
    while (this.nextMs <= watermarkMs) {
      const pane = Math.min(...this.#waiting());
      for (const [old, counts] of this.#panes) {
        if (old > this.#closed || old > pane - PANES) continue;
        this.#fold(counts, -1);
        this.#panes.delete(old);
      }
      this.#fold(this.#panes.get(pane) as Uint32Array, 1);
      this.#closed = pane;
      this.nextMs = Math.min(Number.POSITIVE_INFINITY, ...this.#waiting().map((each) => this.#endMs(each)));
      visit(this.#endMs(pane));
    }
  }

  /** D over the window with its place and direction. O(k). */
  read(): KsReading {
    const { values, m } = this.reference;
    const n = this.#size;
    const { height, leaf, direction } = extremeOf(this.reference, this.#counts, n);
    const g = gcd(m, n);
    const statistic = n === 0 ? 0 : height / g / ((m / g) * n);
    return { statistic, at: values[leaf] as number, direction, windowSize: n };
  }

  /** When what `read` found most probably began: start of a pane, ms. O(k) a pane. */
  onsetMs(): number {
    const { m } = this.reference;
    const { lastBin, below, direction } = extremeOf(this.reference, this.#counts, this.#size);
    const inside = this.#ascending().filter(({ pane }) => pane <= this.#closed);
    const sizes = inside.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
    const lower = inside.map(({ counts }) => counts.subarray(0, lastBin + 1).reduce((sum, count) => sum + count, 0));
    const onset = onsetOf(
      inside.length,
      (index) => direction * (below * (sizes[index] as number) - m * (lower[index] as number)),
      (index) => sizes[index] as number,
    );
    return this.#endMs((inside[onset]?.pane ?? this.#closed) - 1);
  }

  /** Window counts per bin, a copy. */
  counts(): Uint32Array {
    return this.#counts.slice();
  }

  /** Everything it holds, panes ascending, as copies, for a snapshot. O(k) a pane. */
  save(): readonly SavedPane[] {
    return this.#ascending().map(({ pane, counts }) => ({ pane, counts: counts.slice() }));
  }

  /** Into a new window: what `save` gave, and `closed` of then. */
  restore(panes: readonly SavedPane[], closed: number): void {
    this.#closed = closed;
    for (const { pane, counts } of panes) {
      this.#panes.set(pane, counts.slice());
      if (pane <= closed) this.#fold(counts, 1);
      else this.nextMs = Math.min(this.nextMs, this.#endMs(pane));
    }
  }

  #ascending(): readonly SavedPane[] {
    return [...this.#panes].map(([pane, counts]) => ({ pane, counts })).sort((a, b) => a.pane - b.pane);
  }

  #waiting(): number[] {
    return [...this.#panes.keys()].filter((pane) => pane > this.#closed);
  }

  #fold(counts: Uint32Array, sign: 1 | -1): void {
    for (let bin = 0; bin < counts.length; bin += 1) {
      const count = sign * (counts[bin] as number);
      this.#counts[bin] = (this.#counts[bin] as number) + count;
      this.#size += count;
    }
  }

  /** First whole millisecond behind the pane: a span of ten seconds has no twelfth in whole ones. */
  #endMs(pane: number): number {
    return Math.ceil((pane + 1) * this.#paneMs);
  }
}
