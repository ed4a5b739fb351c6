/**
 * Finds the best of three or more arms: half of the traffic to the leader, half to the arm that is hardest to tell from it.
 * Leader i = highest mean; rival = argmin_j W(i, j) + ln N_j with the transport cost W(i, j) = N_i kl(μ_i, m) + N_j kl(μ_j, m), m the pooled mean.
 * Source: EB-TCI of Jourdan, Degenne, Baudry, de Heide, Kaufmann, Top two algorithms revisited (NeurIPS 2022).
 */
import { type Arm, meanOf } from '../arm.ts';
import { bernoulliDivergence } from '../samples-needed.ts';
import { type WeightBounds, weightsOf } from '../weights.ts';

export interface TopTwo {
  readonly leader: number;
  readonly rival: number;
  /** Lowest transport cost from the leader to another arm, nats: a best-arm test stops when it is above its threshold. */
  readonly cost: number;
}

/** @param arms at least 2; of equal candidates the earlier. O(arms). */
export function topTwoOf(arms: readonly Arm[]): TopTwo {
  const means = arms.map(meanOf);
  const leader = means.indexOf(Math.max(...means));
  let rival = -1;
  let least = Number.POSITIVE_INFINITY;
  let cost = Number.POSITIVE_INFINITY;
  arms.forEach((arm, index) => {
    if (index === leader) return;
    const transport = transportCost(arms[leader] as Arm, arm);
    cost = Math.min(cost, transport);
    const score = transport + Math.log(Math.max(arm.outcomes, 1));
    if (rival >= 0 && score >= least) return;
    least = score;
    rival = index;
  });
  return { leader, rival, cost };
}

/** What it would take, in nats, for the arms to have one mean. */
export function transportCost(one: Arm, other: Arm): number {
  const outcomes = one.outcomes + other.outcomes;
  if (outcomes === 0) return 0;
  const pooled = (one.rewards + other.rewards) / outcomes;
  if (pooled <= 0 || pooled >= 1) return 0;
  return (
    one.outcomes * bernoulliDivergence(meanOf(one), pooled) +
    other.outcomes * bernoulliDivergence(meanOf(other), pooled)
  );
}

/** @throws {BanditError} BAD_WEIGHTS */
export function topTwo(arms: readonly Arm[], bounds: WeightBounds): number[] {
  const { leader, rival } = topTwoOf(arms);
  return weightsOf(
    arms.map((_, arm) => (arm === leader || arm === rival ? 0.5 : 0)),
    bounds,
  );
}
