/**
 * Applicants for loans, generated: whether they repay depends on income, debt and years in employment, which are distributed alike in all
 * groups. Career gaps say nothing about repaying and are longer for women: a proxy.
 */

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

export interface Applicant {
  readonly sex: 'F' | 'M';
  /** Years. */
  readonly age: number;
  /** Thousand euros a year. */
  readonly income: number;
  /** Share of the income that goes into debt, in [0, 1). */
  readonly debtRatio: number;
  /** Years. */
  readonly employed: number;
  /** Years without employment. */
  readonly careerGap: number;
  readonly repays: boolean;
  /** Days until it is known. */
  readonly knownAfterDays: number;
}

/** Endless; the same seed gives the same applicants. */
export function* applicants(seed: number): Generator<Applicant, never> {
  const random = xoroshiro128plus(seed);
  for (;;) yield applicant(random);
}

function applicant(random: RandomGenerator): Applicant {
  const sex = uniform(random) < 0.45 ? 'F' : 'M';
  const age = Math.floor(20 + 45 * uniform(random));
  const income = rounded(15 * Math.exp(0.9 * uniform(random) + 0.9 * uniform(random)));
  const debtRatio = rounded(0.6 * uniform(random));
  const employed = rounded(20 * uniform(random) * uniform(random));
  const careerGap = rounded((sex === 'F' ? 4 : 1) * (uniform(random) + uniform(random)));
  const chance = 1 / (1 + Math.exp(-(0.08 * (income - 38) - 5 * (debtRatio - 0.3) + 0.15 * (employed - 5) + 0.8)));
  const repays = uniform(random) < chance;
  return { sex, age, income, debtRatio, employed, careerGap, repays, knownAfterDays: 5 + 40 * uniform(random) };
}

/** In [0, 1), 32 bits. */
function uniform(random: RandomGenerator): number {
  return (random.next() >>> 0) / 2 ** 32;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
