/** Gate 15: bias and coverage of Hájek estimates under an adversarial priority, and the budget under a burst. */
import { addToHajek, emptyHajek, hajekEstimates } from '../../packages/explain/src/sampling/hajek.ts';
import { InclusionSampler, weightOf } from '../../packages/explain/src/sampling/inclusion.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { gate } from './verdicts.ts';

const REPLICATIONS = 1000;

export function sampler(): void {
  for (const [explanations, low, high] of [
    [300, 0.93, 0.97],
    [1000, 0.94, 0.96],
  ] as const) {
    const { bias, coverage, plain, taken } = replicate(explanations);
    const what = `${REPLICATIONS} replications of about ${taken.toFixed(0)} explanations, anomaly priority`;
    gate(
      '15',
      `${what}: bias (bar 1 %)`,
      `${(100 * bias).toFixed(2)} %; of the plain average ${(100 * plain).toFixed(0)} %`,
      Math.abs(bias) <= 0.01,
    );
    gate(
      '15',
      `${what}: coverage (bar ${100 * low}–${100 * high} %)`,
      `${(100 * coverage).toFixed(1)} %`,
      coverage >= low && coverage <= high,
    );
  }
  const worst = burst();
  gate(
    '15',
    'most explanations in a second of a tenfold burst, per budget of 2,000/s, bucket 10 ms (bar 1.01)',
    worst.toFixed(3),
    worst <= 1.01,
  );
}

function replicate(explanations: number): { bias: number; coverage: number; plain: number; taken: number } {
  const seconds = 100;
  const perSecond = 80;
  let bias = 0;
  let covered = 0;
  let plain = 0;
  let taken = 0;
  for (let round = 0; round < REPLICATIONS; round += 1) {
    const uniform = seeded(300_000 + round);
    const inclusion = new InclusionSampler({ budgetPerSecond: explanations / seconds, minInclusion: 0.002 });
    const state = emptyHajek(1);
    let total = 0;
    let sampled = 0;
    for (let at = 0; at < seconds * perSecond; at += 1) {
      const anomaly = uniform() < 0.03;
      const x = anomaly ? 3 + uniform() : uniform();
      total += x;
      const weight = weightOf(0.25, [{ weight: 0.75, signal: anomaly ? 1 : 0.2 * uniform() }]);
      const choice = inclusion.choose({ hash: uniform(), eventTimeMs: (at * 1000) / perSecond, weight });
      if (!choice.taken) continue;
      addToHajek(state, [x], choice.inclusionProbability);
      sampled += x;
    }
    const truth = total / (seconds * perSecond);
    const { mean, interval } = hajekEstimates(state)[0]!;
    bias += (mean / truth - 1) / REPLICATIONS;
    plain += (sampled / state.count / truth - 1) / REPLICATIONS;
    taken += state.count / REPLICATIONS;
    if (interval[0] <= truth && truth <= interval[1]) covered += 1;
  }
  return { bias, coverage: covered / REPLICATIONS, plain, taken };
}

function burst(): number {
  let worst = 0;
  for (let seed = 0; seed < 20; seed += 1) {
    const uniform = seeded(seed);
    const inclusion = new InclusionSampler({ budgetPerSecond: 2000, bucketSeconds: 0.01 });
    for (let second = 0; second < 5; second += 1) {
      const rate = second === 3 ? 100_000 : 10_000;
      let taken = 0;
      for (let at = 0; at < rate; at += 1) {
        if (
          inclusion.choose({
            hash: uniform(),
            eventTimeMs: second * 1000 + (at * 1000) / rate,
            weight: 0.2 + uniform(),
          }).taken
        )
          taken += 1;
      }
      if (second === 3) worst = Math.max(worst, taken / 2000);
    }
  }
  return worst;
}
