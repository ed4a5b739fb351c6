/** How many bytes of states a process holds in memory. Its tasks have equal shares. */
export class StateMemory {
  readonly #bytes: number;
  #holders = 0;

  /** @param bytes of all tasks together, as `KeyStore` estimates them; Infinity: no bound */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get isBounded(): boolean {
    return this.#bytes < Number.POSITIVE_INFINITY;
  }

  /** Bytes that each holder may have. */
  get share(): number {
    return this.#bytes / Math.max(1, this.#holders);
  }

  enter(): void {
    this.#holders += 1;
  }

  leave(): void {
    this.#holders -= 1;
  }
}

export const UNBOUNDED: StateMemory = new StateMemory(Number.POSITIVE_INFINITY);
