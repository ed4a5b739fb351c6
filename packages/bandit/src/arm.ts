/** What an allocation policy knows of an arm: matured outcomes and the sum of their rewards, discounted or reset as the policy likes. */
export interface Arm {
  readonly outcomes: number;
  /** In [0, outcomes]. */
  readonly rewards: number;
}

export function meanOf({ outcomes, rewards }: Arm): number {
  return outcomes === 0 ? 0.5 : rewards / outcomes;
}
