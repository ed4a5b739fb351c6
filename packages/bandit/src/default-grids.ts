/** The sizes that tests look for unless their policy says otherwise, in standard deviations of the reward. */
import type { EffectGrid } from './effect-grid.ts';

/**
 * Wins: from 1 to 7 pp at a base rate of .70, from 13 to 80 % at one of 3 %. Dense where tests take long; chosen so that each of the effects
 * in bench/promotion costs 1.1 to 1.15 times the outcomes of a test that knows it.
 */
export const PROMOTE_GRID: EffectGrid = { unit: 'deviation', sizes: [0.025, 0.035, 0.05, 0.08, 0.1, 0.16] };

/** Harms: larger and wider apart, because a large harm must be found early and a small one may take its time. */
export const HARM_GRID: EffectGrid = { unit: 'deviation', sizes: [0.03, 0.05, 0.08, 0.12, 0.18, 0.26] };
