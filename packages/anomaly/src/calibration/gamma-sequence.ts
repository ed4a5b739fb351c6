/** The sum over all t, 12.65, rounded up (10⁸ terms and the integral of the rest). */
const TOTAL = 12.7;

/**
 * γ_t ∝ ln(max(t, 2))/(t·exp(√ln t)), t ≥ 1, decreasing and summing to at most 1: how error is spent over a stream.
 * Source: Ramdas et al. (2017), Online control of the false discovery rate with decaying memory, section 4.
 */
export function gammaAt(t: number): number {
  return Math.log(Math.max(t, 2)) / (t * Math.exp(Math.sqrt(Math.log(t)))) / TOTAL;
}
