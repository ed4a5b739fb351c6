/** What happens to a challenger in the benchmark: rates of both arms over time and segments, arrivals, and who decides the split. */

/** Probability that a matured prediction is a success, and that its outcome arrived in time, by arm; time in [0, 1] of the horizon. */
export interface World {
  readonly name: string;
  readonly champion: (outcome: number, time: number, segment: number) => number;
  readonly challenger: (outcome: number, time: number, segment: number) => number;
  /** Share of segment 1; without it there is one segment. */
  readonly segmentShare?: (time: number) => number;
  /** Propensity of the challenger, or the policy that gives it. */
  readonly propensity: ((time: number) => number) | 'capped-thompson';
  /** Probability that an outcome arrives in time, of a success and of a failure; 1 when left out. */
  readonly arrival?: { readonly champion: Arrival; readonly challenger: Arrival };
  /** Save and restore the state after every so many outcomes. */
  readonly restartEvery?: number;
}

export interface Arrival {
  readonly success: number;
  readonly failure: number;
}

const even = (): number => 0.5;
const ramp = (time: number): number => 0.05 + 0.45 * time;

/** Both arms alike: a promotion is wrong. */
function same(name: string, rate: World['champion'], rest: Partial<World> = {}): World {
  return { name, champion: rate, challenger: rate, propensity: even, ...rest };
}

/**
 * Exponential delays, the champion's four times as long, and scored at W = 10 of its means: 1 success in 22,000 of the champion comes later and
 * counts as a failure. At W = 7 (99.9 %) it would be 1 in 1,100: an effect of .06 pp, which a test of 50,000 outcomes begins to find.
 */
const LATE = {
  champion: { success: 1 - Math.exp(-10), failure: 1 },
  challenger: { success: 1 - Math.exp(-40), failure: 1 },
};

export const NULL_WORLDS: readonly World[] = [
  same('stationary', () => 0.7),
  same('sinus drift', (outcome) => 0.7 + 0.2 * Math.sin((2 * Math.PI * outcome) / 5_000)),
  same('ramp, drift up', (_, time) => 0.6 + 0.2 * time, { propensity: ramp }),
  same('ramp, drift down', (_, time) => 0.8 - 0.2 * time, { propensity: ramp }),
  same('capped Thompson', () => 0.7, { propensity: 'capped-thompson' }),
  same('4x delay', () => 0.7, { arrival: LATE }),
  same('segment mix', (_, __, segment) => (segment === 1 ? 0.9 : 0.3), {
    segmentShare: (time) => 0.2 + 0.6 * time,
    propensity: ramp,
  }),
  same('restarts', () => 0.7, { restartEvery: 1_000 }),
];

/** A fixed effect under an even split, or under a policy. */
export function effectWorld(champion: number, challenger: number, propensity: World['propensity'] = even): World {
  return { name: `${champion} → ${challenger}`, champion: () => champion, challenger: () => challenger, propensity };
}

/** Effects of two segments of equal size on a base of .70. */
export function segmentWorld(effects: readonly [number, number]): World {
  return {
    name: `segments ${effects.map((effect) => `${effect > 0 ? '+' : '−'}${Math.abs(100 * effect)}`).join('/')} pp`,
    champion: () => 0.7,
    challenger: (_, __, segment) => 0.7 + (effects[segment] as number),
    segmentShare: () => 0.5,
    propensity: even,
  };
}
