import { kolmogorovTail } from './kolmogorov.ts';

/**
 * Exact P(D ≥ d) of two samples without ties under exchangeability: the share of lattice paths from (0,0) to (m,n) that reach |i·n − j·m| ≥ h
 * somewhere. Summed as probabilities of having reached it, never as one minus another, so that small values keep their digits.
 * @param m @param n sample sizes, at least 1
 * @param height h = d·m·n, a whole number; at or below 0 gives 1
 * @returns in [0, 1]; conservative when there are ties. O(h), the cells of the band.
 * Source: Hodges (1958); the recurrence of R's psmirnov, upper tail (Schröer and Trenkler 1995).
 */
export function kolmogorovExactTail(m: number, n: number, height: number): number {
  if (height <= 0) return 1;
  // reached[j]: probability that a path to (i, j) has met the boundary; 1 beyond it.
  const reached = new Float64Array(n + 1);
  for (let j = 0; j <= n; j += 1) reached[j] = j * m >= height ? 1 : 0;
  for (let i = 1; i <= m; i += 1) {
    // Inside the band: |i·n − j·m| < h. Cells left of it were inside or beyond before, and are beyond from now on.
    const first = Math.max(0, Math.floor((i * n - height) / m) + 1);
    const last = Math.min(n, Math.ceil((i * n + height) / m) - 1);
    if (first > 0) reached[first - 1] = 1;
    for (let j = first; j <= last; j += 1) {
      const above = i * (reached[j] as number);
      reached[j] = j === 0 ? (reached[0] as number) : (above + j * (reached[j - 1] as number)) / (i + j);
    }
  }
  return reached[n] as number;
}

/**
 * p-value of one look: exact while the band has at most `maxCells` cells (about 3 ns each), else by the limit law.
 * @param height d·m·n, a whole number
 */
export function kolmogorovPValue(m: number, n: number, height: number, maxCells: number): number {
  if (n === 0) return 1;
  if (2 * height <= maxCells) return kolmogorovExactTail(m, n, height);
  return kolmogorovTail((height / (m * n)) * Math.sqrt((m * n) / (m + n)));
}
