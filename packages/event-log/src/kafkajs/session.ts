import { type ConnectionWatch, finalError } from './internals.ts';

/**
 * The connections of one transactional producer. A broker that was away may have left out markers of the last transaction, and the next
 * one would end what they should have ended; so a lost connection is not made again while a transaction is open, and between two
 * transactions its loss is remembered until the partitions were looked at.
 */
export class Session implements ConnectionWatch {
  #isLost = false;
  #isHeld = false;
  #isClosed = false;
  readonly #onLost: () => void;

  constructor(onLost: () => void) {
    this.#onLost = onLost;
  }

  /** Since the last `renew`. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  renew(): void {
    this.#isLost = false;
  }

  /** From here on what is lost stays lost. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
  }

  /** Its producer needs no connection any more. */
  close(): void {
    this.#isClosed = true;
  }

  lost(): void {
    if (this.#isClosed) return;
    this.#isLost = true;
    this.#onLost();
  }

  connecting(): void {
    if (this.#isClosed) throw finalError('the producer was closed');
    if (this.#isHeld && this.#isLost) throw finalError('a connection to a broker was lost');
  }
}
