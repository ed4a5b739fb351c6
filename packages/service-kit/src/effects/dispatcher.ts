/**
 * Hands pending effects to their handlers and writes what came of them to `<service>.results`. An effect is handed out after the commit
 * that decided it, so nothing is done that a crash could undo; it may be handed out again by a later owner, so handlers are idempotent.
 */
import type { NewRecord } from '@weir/event-log/port';
import type { KeyedEffect } from '../processing/key-store.ts';
import { answerRecord } from './answers.ts';
import { type Effect, type EffectAnswer, type EffectHandler, EffectRefused } from './effect.ts';

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_DEADLINE_MS = 10_000;
const DEFAULT_TRIES = 5;
const DEFAULT_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** Consecutive failures of a kind after which its handler is left alone for a while. */
const BREAKER_FAILURES = 10;
const BREAKER_MS = 10_000;
/** Effects of a task that are known at once. */
const MAX_KNOWN = 10_000;

export interface DispatcherOptions {
  readonly handlers: Readonly<Record<string, EffectHandler>>;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: bigint;
  readonly now: () => number;
  /** Effects that wait or run, at most; 10,000 by default. */
  readonly maxKnown?: number;
  /** Appends to the results topic; resolves when it is durable. */
  readonly append: (record: NewRecord) => Promise<void>;
  readonly onAnswer?: (kind: string, outcome: EffectAnswer['outcome']) => void;
  readonly onFailedTry?: (kind: string, error: unknown, retryInMs: number) => void;
}

interface Kind {
  readonly handler: EffectHandler;
  readonly waiting: KeyedEffect[];
  running: number;
  failures: number;
  openUntilMs: number;
}

export class EffectDispatcher {
  readonly #options: DispatcherOptions;
  readonly #kinds = new Map<string, Kind>();
  /** Ids of effects that wait or run. */
  readonly #known = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #runs = new Set<Promise<void>>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Effects that wait or run, a count. */
  get size(): number {
    return this.#known.size;
  }

  /** Takes those that are not known yet. Gives those for which there is no room: offer them again once others were answered. */
  offer(effects: readonly KeyedEffect[]): readonly KeyedEffect[] {
    const { maxKnown = MAX_KNOWN } = this.#options;
    for (const [index, keyed] of effects.entries()) {
      const { id, kind: name } = keyed.effect;
      if (this.#known.has(id)) continue;
      if (this.#known.size >= maxKnown) return effects.slice(index);
      this.#known.add(id);
      const kind = this.#kindOf(name);
      kind.waiting.push(keyed);
      this.#start(kind);
    }
    return [];
  }

  /** Ends every try; what was not answered is asked again by the next owner. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#runs);
  }

  #kindOf(name: string): Kind {
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      const handler = this.#options.handlers[name] ?? refusing(name);
      kind = { handler, waiting: [], running: 0, failures: 0, openUntilMs: 0 };
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  #start(kind: Kind): void {
    const { concurrency = DEFAULT_CONCURRENCY } = kind.handler;
    while (kind.running < concurrency && kind.waiting.length > 0 && !this.#stopping.signal.aborted) {
      const keyed = kind.waiting.shift() as KeyedEffect;
      kind.running += 1;
      const run = this.#run(keyed, kind).finally(() => {
        kind.running -= 1;
        this.#known.delete(keyed.effect.id);
        this.#runs.delete(run);
        this.#start(kind);
      });
      this.#runs.add(run);
    }
  }

  async #run({ key, effect }: KeyedEffect, kind: Kind): Promise<void> {
    const { topic, partition, append, onAnswer } = this.#options;
    const answer = await this.#ask(key, effect, kind);
    if (answer === undefined) return;
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        await append(answerRecord(topic, partition, key, answer));
        onAnswer?.(effect.kind, answer.outcome);
        return;
      } catch {
        await this.#pause(backoffMs(kind.handler, attempt));
      }
    }
  }

  /** Undefined when the task stops first. */
  async #ask(key: string, effect: Effect, kind: Kind): Promise<EffectAnswer | undefined> {
    const { handler } = kind;
    const most = handler.tries ?? DEFAULT_TRIES;
    for (let tries = 1; ; tries += 1) {
      await this.#pause(kind.openUntilMs - this.#options.now());
      if (this.#stopping.signal.aborted) return undefined;
      try {
        const payload = await this.#try(key, effect, handler);
        kind.failures = 0;
        return this.#answer(effect, 'done', payload, '', tries);
      } catch (error) {
        if (this.#stopping.signal.aborted) return undefined;
        const isFinal = error instanceof EffectRefused || tries >= most;
        if (!(error instanceof EffectRefused)) this.#failed(kind);
        const retryInMs = isFinal ? 0 : backoffMs(handler, tries - 1);
        this.#options.onFailedTry?.(effect.kind, error, retryInMs);
        if (isFinal) return this.#answer(effect, 'failed', new Uint8Array(0), reasonOf(error), tries);
        await this.#pause(retryInMs);
      }
    }
  }

  async #try(key: string, effect: Effect, handler: EffectHandler): Promise<Uint8Array> {
    const deadlineMs = handler.deadlineMs ?? DEFAULT_DEADLINE_MS;
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = AbortSignal.any([deadline, this.#stopping.signal]);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`no answer within ${deadlineMs} ms`)), { once: true });
    });
    // A handler that does not heed its signal holds nothing up.
    return await Promise.race([handler.run(effect, { key, epoch: this.#options.epoch, signal }), aborted]);
  }

  #failed(kind: Kind): void {
    kind.failures += 1;
    if (kind.failures < BREAKER_FAILURES) return;
    kind.failures = 0;
    kind.openUntilMs = this.#options.now() + BREAKER_MS;
  }

  #answer(
    { id, kind }: Effect,
    outcome: EffectAnswer['outcome'],
    payload: Uint8Array,
    error: string,
    tries: number,
  ): EffectAnswer {
    return { effectId: id, kind, outcome, payload, error, tries, answeredMs: this.#options.now() };
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stopping.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}

function backoffMs({ backoffMs: first = DEFAULT_BACKOFF_MS }: EffectHandler, attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, first * 2 ** attempt);
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1_000);
}

function refusing(name: string): EffectHandler {
  return {
    run: () =>
      Promise.reject(new EffectRefused(`no handler for effects of kind ${name} is configured in this service`)),
  };
}
