/**
 * Attributions from pairs of coalitions by kriging: a linear game of unknown size, which is the regression of Kernel SHAP, plus a Gaussian process
 * of the interactions of three and more players (odd-covariance.ts), plus the noise of the background rows. The least squares fit takes those
 * interactions for noise; this takes them for what they are, correlated between coalitions, so that they leave the attributions. Additive
 * games stay exact, the grand coalition is a datum without noise, and the standard error is the posterior one. The size of the process, how it
 * shrinks with the order, and its share beside the noise are those of the largest restricted likelihood on a small grid, one after the other.
 * Source: universal kriging: Cressie (1993), section 3.4; restricted likelihood: Patterson and Thompson (1971).
 */
import { cholesky, solveCholesky } from '../cholesky.ts';
import { MAX_KRIGED_PAIRS } from './coalitions.ts';
import { oddCovariance, shapleyCovariance, shapleyVariance } from './odd-covariance.ts';
import { type PairValue, type Regression, regress } from './regression.ts';

/** Σ ρ_i: the larger, the slower interactions shrink with their order. */
const TOTALS = [0.6, 1.2, 2.4, 4.8];
/** Mean variance of the process over that of the noise, where there is noise. */
const RATIOS = [1 / 64, 1 / 16, 1 / 4, 4, 16, 64];
/** Of a player whose first attribution is 0, against the root mean square of all. */
const LEAST_RELEVANCE = 0.05;
const JITTER = 1e-7;

/**
 * As `regress`, which it falls back to with more than `MAX_KRIGED_PAIRS`, with fewer pairs than players, and where nothing is left to explain.
 * @param equalSplit (f(x) − v(∅))/M: what each solution deviates from. O(n³ + n M²) a grid point.
 */
export function krige(players: number, pairs: readonly PairValue[], equalSplit: number): Regression {
  const fitted = regress(players, pairs);
  const isWhole = pairs.length >= 2 ** (players - 1) - 1;
  // With all pairs and no noise the regression is exact.
  if (pairs.length < players || pairs.length > MAX_KRIGED_PAIRS || players < 4 || fitted.ridge) return fitted;
  if (isWhole && pairs.every(({ variance }) => variance === 0)) return fitted;
  const data = dataOf(players, pairs);
  const relevance = relevanceOf(fitted.solution, equalSplit);
  const isNoisy = data.noise.some((each) => each > 0);
  const best = likeliest(
    TOTALS.map((total) => {
      const rho = relevance.map((each) => total * each);
      return fitOf(players, data, rho, oddCovariance(data.signs, players, rho), isNoisy ? 1 : undefined);
    }),
  );
  if (best === undefined) return fitted;
  const { rho, covariance } = best;
  const others = isNoisy ? RATIOS.map((ratio) => fitOf(players, data, rho, covariance, ratio)) : [];
  return posterior(players, data, likeliest([best, ...others]) ?? best, fitted.degreesOfFreedom);
}

function likeliest(fits: readonly (Fit | undefined)[]): Fit | undefined {
  return fits.reduce(
    (best, fit) =>
      fit !== undefined && fit.logLikelihood > (best?.logLikelihood ?? Number.NEGATIVE_INFINITY) ? fit : best,
    undefined,
  );
}

interface Data {
  /** n × M; the last row is the grand coalition. */
  readonly signs: Float64Array;
  readonly targets: Float64Array;
  /** Variance of each target: mean of its layer, and its own. */
  readonly noise: Float64Array;
  readonly variances: Float64Array;
}

function dataOf(players: number, pairs: readonly PairValue[]): Data {
  const n = pairs.length + 1;
  const signs = new Float64Array(n * players).fill(1);
  const targets = new Float64Array(n);
  const noise = new Float64Array(n);
  const variances = new Float64Array(n);
  // The variance of few rows is itself uncertain, and pairs of a layer are alike.
  const ofLayer = new Map<number, { sum: number; count: number }>();
  for (const { layer, variance } of pairs) {
    const each = ofLayer.get(layer) ?? { sum: 0, count: 0 };
    ofLayer.set(layer, { sum: each.sum + variance, count: each.count + 1 });
  }
  for (const [at, { members, layer, target, variance }] of pairs.entries()) {
    for (let i = 0; i < players; i += 1) signs[at * players + i] = members[i] === 1 ? 1 : -1;
    targets[at] = target;
    variances[at] = variance;
    const { sum, count } = ofLayer.get(layer)!;
    noise[at] = sum / count;
  }
  return { signs, targets, noise, variances };
}

/** Interactions lie among players that matter: ρ_i grows with the root of the first attribution. Sums to 1. */
function relevanceOf(solution: Float64Array, equalSplit: number): Float64Array {
  const sizes = solution.map((each) => Math.abs(each + equalSplit));
  const scale = Math.sqrt(sizes.reduce((sum, each) => sum + each * each, 0) / sizes.length);
  const roots = sizes.map((each) => Math.sqrt(Math.max(LEAST_RELEVANCE, scale === 0 ? 1 : each / scale)));
  const sum = roots.reduce((a, b) => a + b, 0);
  return roots.map((each) => each / sum);
}

interface Fit {
  readonly logLikelihood: number;
  readonly rho: Float64Array;
  /** Of the process, before its gain. */
  readonly covariance: Float64Array;
  /** Of process and noise together. */
  readonly factor: Float64Array;
  /** The covariance of the process was multiplied by it. */
  readonly gain: number;
  /** Of HᵀK⁻¹H, H the signs. */
  readonly trend: Float64Array;
  /** K⁻¹H, column by column. */
  readonly weighted: readonly Float64Array[];
  readonly slopes: Float64Array;
  /** K⁻¹(y − H slopes). */
  readonly residual: Float64Array;
  /** Scale of K that the residual gives. */
  readonly scale: number;
}

/** @param ratio of mean variances, process over noise; undefined: no noise. Undefined when the covariance is singular. */
function fitOf(
  players: number,
  { signs, targets, noise }: Data,
  rho: Float64Array,
  covariance: Float64Array,
  ratio: number | undefined,
): Fit | undefined {
  const n = targets.length;
  let diagonal = 0;
  for (let a = 0; a < n; a += 1) diagonal += covariance[a * n + a]! / n;
  const meanNoise = noise.reduce((sum, each) => sum + each, 0) / n;
  const gain = ratio === undefined ? 1 : (ratio * meanNoise) / diagonal;
  const matrix = covariance.map((each) => gain * each);
  for (let a = 0; a < n; a += 1) matrix[a * n + a]! += noise[a]! + JITTER * (gain * diagonal + meanNoise);
  const factor = cholesky(matrix, n);
  if (factor === undefined) return undefined;
  const column = (i: number): Float64Array => Float64Array.from({ length: n }, (_, a) => signs[a * players + i]!);
  const columns = Array.from({ length: players }, (_, i) => column(i));
  const weighted = columns.map((each) => solveCholesky(factor, n, each));
  const normal = new Float64Array(players * players);
  for (let i = 0; i < players; i += 1)
    for (let j = 0; j < players; j += 1) normal[i * players + j] = dot(columns[i]!, weighted[j]!);
  const trend = cholesky(normal, players);
  if (trend === undefined) return undefined;
  const slopes = solveCholesky(
    trend,
    players,
    weighted.map((each) => dot(each, targets)),
  );
  const left = targets.map((y, a) => {
    let rest = y;
    for (let i = 0; i < players; i += 1) rest -= slopes[i]! * signs[a * players + i]!;
    return rest;
  });
  const residual = solveCholesky(factor, n, left);
  const degrees = n - players;
  const scale = Math.max(Number.MIN_VALUE, dot(left, residual)) / degrees;
  const logLikelihood =
    -halfLogDeterminant(factor, n) - halfLogDeterminant(trend, players) - (degrees * Math.log(scale)) / 2;
  return { logLikelihood, rho, covariance, factor, gain, trend, weighted, slopes, residual, scale };
}

function posterior(
  players: number,
  { signs, targets, noise, variances }: Data,
  fit: Fit,
  degreesOfFreedom: number,
): Regression {
  const n = targets.length;
  const covariance = shapleyCovariance(signs, players, fit.rho);
  const prior = shapleyVariance(players, fit.rho);
  const solution = new Float64Array(players);
  const standardErrors = new Float64Array(players);
  for (let i = 0; i < players; i += 1) {
    const own = covariance.subarray(i * n, (i + 1) * n).map((each) => fit.gain * each);
    // Of the linear part the Shapley value is twice the slope.
    solution[i] = 2 * fit.slopes[i]! + dot(own, fit.residual);
    const alone = solveCholesky(fit.factor, n, own);
    const contrast = fit.weighted.map((each, j) => (i === j ? 2 : 0) - dot(each, own));
    const share = solveCholesky(fit.trend, players, contrast);
    const total = fit.gain * prior[i]! - dot(own, alone) + dot(contrast, share);
    // The attribution is linear in the targets: what the noise does to it is known pair by pair, better than from the mean of its layer.
    let supposed = 0;
    let measured = 0;
    for (let a = 0; a < n; a += 1) {
      let influence = alone[a]!;
      for (let j = 0; j < players; j += 1) influence += share[j]! * fit.weighted[j]![a]!;
      supposed += influence * influence * noise[a]!;
      measured += influence * influence * variances[a]!;
    }
    standardErrors[i] = Math.sqrt(Math.max(0, total - supposed) * fit.scale + measured);
  }
  // The grand coalition is a datum, up to the jitter.
  const rest = solution.reduce((a, b) => a + b, 0) / players;
  return { solution: solution.map((each) => each - rest), standardErrors, degreesOfFreedom, ridge: false };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}

function halfLogDeterminant(factor: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += Math.log(factor[i * n + i]!);
  return sum;
}
