/** A broker that is not there yet, or not any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LogError } from '@weir/event-log/errors';
import type { EventLog } from '@weir/event-log/port';
import type { Check } from './http/probes.ts';

/** For one question at the start, ms. */
const PING_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 4_000;
/** Between two questions for `/readyz`, ms. */
const CHECK_EVERY_MS = 10_000;

type Pingable = Pick<EventLog, 'ping'>;

export interface WaitOptions {
  /** How long to wait in all, ms; 0: one attempt. */
  readonly timeoutMs: number;
  readonly report: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly signal?: AbortSignal;
  /** Of tests. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** Resolves once the broker answers. @throws as `onceReachable` does */
export function waitForBroker(log: Pingable, options: WaitOptions): Promise<void> {
  return onceReachable(() => log.ping(PING_TIMEOUT_MS), options);
}

/**
 * Tries until the broker lets it succeed: one that answered a moment ago may be away again when topics are created or a group is joined. An
 * attempt that fails must leave nothing behind. Reports once at each change, not at each attempt.
 * @throws {LogError} the last failure when the time is over; at once what waiting does not mend; the signal's reason
 */
export async function onceReachable<T>(attempt: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { timeoutMs, report, signal } = options;
  const pause = options.pause ?? ((ms: number) => sleep(ms, undefined, signal === undefined ? {} : { signal }));
  const startedMs = performance.now();
  let said: string | undefined;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
    const leftMs = timeoutMs - (performance.now() - startedMs);
    try {
      const reached = await attempt();
      const waitedMs = Math.round(performance.now() - startedMs);
      if (said !== undefined) report('the broker answers', { waitedMs });
      return reached;
    } catch (error) {
      const isPassing = error instanceof LogError && error.retriable;
      if (!isPassing) throw error;
      if (leftMs - pauseMs <= 0) throw timeoutMs === 0 ? error : givenUp(error, timeoutMs);
      if (error.message !== said) report('waiting for the broker', { reason: error.message, timeoutMs });
      said = error.message;
    }
    try {
      await pause(pauseMs);
    } catch (error) {
      throw signal?.reason ?? error;
    }
  }
}

/** The last failure, and how long it was tried. */
function givenUp(error: LogError, timeoutMs: number): LogError {
  const tried = `tried for ${timeoutMs / 1_000} s, as WEIR_STARTUP_TIMEOUT_MS says`;
  return new LogError(error.code, `${error.message} (${tried}); start again once the broker answers`, { cause: error });
}

/** Asks the broker every ten seconds; the fault names it, as the error of the log does. Told once when it goes, and once when it answers again. */
export function brokerCheck(
  log: Pingable,
  report: WaitOptions['report'],
  everyMs: number = CHECK_EVERY_MS,
): { readonly check: Check; readonly stop: () => void } {
  let fault: string | undefined;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      await log.ping(PING_TIMEOUT_MS);
      if (fault !== undefined) report('the broker answers again', {});
      fault = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (fault === undefined) report('the broker does not answer', { reason });
      fault = reason;
    }
    isAsking = false;
  };
  const timer = setInterval(() => void ask(), everyMs);
  timer.unref();
  return { check: { name: 'broker', fault: () => fault }, stop: () => clearInterval(timer) };
}
