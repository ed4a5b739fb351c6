/**
 * Stops the renewal of leases in this process, with log, broker and disk down: clients serve the champion only once the lease that they have
 * is over. It decides nothing: a kill command, sent when the log answers again, does, and is the entry that tells of it.
 */
export class KillSwitch {
  readonly #stopped = new Map<string, { readonly by: string; readonly reason: string; readonly atMs: number }>();

  stop(model: string, by: string, reason: string, atMs: number): void {
    this.#stopped.set(model, { by, reason, atMs });
  }

  resume(model: string): boolean {
    return this.#stopped.delete(model);
  }

  /** Why the leases of a model are not renewed; undefined while they are. */
  reasonOf(model: string): string | undefined {
    const found = this.#stopped.get(model) ?? this.#stopped.get(ALL_MODELS);
    return found === undefined
      ? undefined
      : `stopped by ${found.by} at ${new Date(found.atMs).toISOString()}: ${found.reason}`;
  }
}

/** No model may have this name in a path. */
export const ALL_MODELS = '*';
