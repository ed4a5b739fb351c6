/** A task sleeps until something happened. A signal that comes while nobody waits is kept, so that none is lost. */
export class Wake {
  #signalled = false;
  #release: (() => void) | undefined;

  readonly signal = (): void => {
    this.#signalled = true;
    this.#release?.();
  };

  /** Resolves at the next signal, at once if one is kept, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#signalled) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#release = undefined;
    }
    this.#signalled = false;
  }
}
