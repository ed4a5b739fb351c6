/** What one run of the log cleaner may still do. The batch that overdraws it is done all the same, so that every run gets on. */
export class Budget {
  #batches: number;
  #bytes: number;

  constructor(batches: number, bytes: number) {
    this.#batches = batches;
    this.#bytes = bytes;
  }

  get spent(): boolean {
    return this.#batches <= 0 || this.#bytes <= 0;
  }

  take(bytes: number): void {
    this.#batches -= 1;
    this.#bytes -= bytes;
  }
}
