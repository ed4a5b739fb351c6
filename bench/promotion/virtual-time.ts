/** Time that passes when nothing else can happen: a simulation of hours takes seconds, and the same ones every time. */

interface Waiting {
  readonly atMs: number;
  readonly resolve: () => void;
}

export class VirtualTime {
  nowMs = 0;
  readonly #waiting: Waiting[] = [];

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#insert({ atMs: this.nowMs + ms, resolve }));
  }

  /** Until the time `untilMs`; what is woken runs as far as it can before time goes on. */
  async run(untilMs: number): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined && next.atMs <= untilMs; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.nowMs = next.atMs;
      next.resolve();
      await new Promise(setImmediate);
    }
    this.nowMs = untilMs;
  }

  /** Those of one time in the order of their calls. */
  #insert(waiting: Waiting): void {
    const at = this.#waiting.findIndex(({ atMs }) => atMs > waiting.atMs);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiting);
  }
}
