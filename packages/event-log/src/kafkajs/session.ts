import { type ConnectionWatch, finalError } from './internals.ts';

/**
 * The connections of one transactional producer. What a broker that was away has forgotten or not written is not known to a transaction
 * that is open; so a connection that is lost then is not made again, and the transaction fails.
 */
export class Session implements ConnectionWatch {
  #isLost = false;
  #isHeld = false;
  #isClosed = false;

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From here on what is lost stays lost. */
  hold(): void {
    this.#isLost = false;
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
    this.#isLost = true;
  }

  connecting(): void {
    if (this.#isClosed) throw finalError('the producer was closed');
    if (this.#isHeld && this.#isLost) throw finalError('a connection to a broker was lost');
  }
}
