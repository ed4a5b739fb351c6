import { checkBetween, checkWhole } from './anomaly-error.ts';

export interface AllowanceSettings {
  /** Alerts that may follow each other at once, at least 1. */
  readonly burst: number;
  /** Events after which there may be one more, above 0. */
  readonly eventsPerAlert: number;
}

/**
 * Bounds how many alerts are sent, whatever the events are: within any `n` events at most `burst + n / eventsPerAlert`. A calibration
 * promises a rate of odd events; where events depend on each other, odd ones come in clusters, and only a count keeps a promise.
 * O(1). Source: the generic cell rate algorithm (ITU-T I.371), a leaky bucket that is one number.
 */
export class AlertAllowance {
  readonly settings: AllowanceSettings;
  /** Position at which all that was sent is paid for. */
  paidAt: number;

  /** @throws {AnomalyError} BAD_SETTING. */
  constructor(settings: AllowanceSettings, paidAt = 0) {
    checkWhole('burst', settings.burst, 1, 1_000);
    checkBetween('eventsPerAlert', settings.eventsPerAlert, 0, Infinity);
    this.settings = settings;
    this.paidAt = paidAt;
  }

  /** True when one more may be sent at this position, which is then used up. @param position of the event, never falling */
  take(position: number): boolean {
    const { burst, eventsPerAlert } = this.settings;
    const from = Math.max(this.paidAt, position);
    if (from - position > (burst - 1) * eventsPerAlert) return false;
    this.paidAt = from + eventsPerAlert;
    return true;
  }
}
