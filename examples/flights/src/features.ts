/** What is known of a flight before it departs. A delay enters a recent mean only once its flight has arrived. */
import type { Flights } from './source.ts';

/** Numeric features in the order of the feature set, with units. */
export const NUMERIC_FEATURES = [
  { name: 'distance', unit: 'mi' },
  { name: 'departureHour', unit: 'h' },
  { name: 'originTraffic', unit: null },
  { name: 'originRecentDelay', unit: 'min' },
  { name: 'networkRecentDelay', unit: 'min' },
] as const;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Weight of the newest delay in the means: about the last 20 arrivals of an origin, the last 500 of the network. */
const ORIGIN_WEIGHT = 0.05;
const NETWORK_WEIGHT = 0.002;
/** Ground time and cruising speed, minutes and miles a minute: when a flight has arrived unless it is late. */
const GROUND_MINUTES = 30;
const MILES_PER_MINUTE = 7.5;

interface Origin {
  recentDelay: number;
  traffic: number;
  trafficAtMs: number;
}

/** Minutes a flight takes when it is on time. */
export function scheduledMinutes(distance: number): number {
  return GROUND_MINUTES + distance / MILES_PER_MINUTE;
}

export class FeatureBuilder {
  readonly #origins = new Map<string, Origin>();
  /** Arrivals by the minute in which they happen. */
  readonly #arrivals = new Map<number, { readonly origin: string; readonly delay: number }[]>();
  #minute = Number.NaN;
  #network = 0;

  /** Features of flight `at`; flights must come in order of departure. Then the flight itself is on its way. */
  next(flights: Flights, at: number): number[] {
    const departureMs = flights.departureMs[at] as number;
    const distance = flights.distance[at] as number;
    const delay = flights.delay[at] as number;
    const name = flights.origin[at] as string;
    this.#land(departureMs);
    const origin = this.#origin(name);
    origin.traffic = origin.traffic * Math.exp((origin.trafficAtMs - departureMs) / HOUR_MS) + 1;
    origin.trafficAtMs = departureMs;
    const arrival = Math.ceil(departureMs / MINUTE_MS + scheduledMinutes(distance) + Math.max(0, delay));
    const landing = this.#arrivals.get(arrival);
    if (landing === undefined) this.#arrivals.set(arrival, [{ origin: name, delay }]);
    else landing.push({ origin: name, delay });
    return [
      distance,
      hundredth((departureMs % (24 * HOUR_MS)) / HOUR_MS),
      hundredth(origin.traffic),
      hundredth(origin.recentDelay),
      hundredth(this.#network),
    ];
  }

  #land(nowMs: number): void {
    const now = Math.floor(nowMs / MINUTE_MS);
    if (Number.isNaN(this.#minute)) this.#minute = now;
    for (; this.#minute < now; this.#minute += 1) {
      for (const { origin, delay } of this.#arrivals.get(this.#minute) ?? []) {
        const known = this.#origin(origin);
        known.recentDelay += ORIGIN_WEIGHT * (delay - known.recentDelay);
        this.#network += NETWORK_WEIGHT * (delay - this.#network);
      }
      this.#arrivals.delete(this.#minute);
    }
  }

  #origin(name: string): Origin {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = { recentDelay: 0, traffic: 0, trafficAtMs: 0 };
      this.#origins.set(name, origin);
    }
    return origin;
  }
}

/** Finer than any model can use, coarse enough that a reference stays small. */
function hundredth(value: number): number {
  return Math.round(value * 100) / 100;
}
