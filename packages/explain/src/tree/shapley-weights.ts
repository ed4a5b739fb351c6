/** (u − 1)! w! / (u + w)!: the share of orders in which a given one of u players comes last of them and before all of w others. O(min(u, w)). */
export function orderShare(u: number, w: number): number {
  // = 1 / (u · C(u + w, u)), multiplied up so that no factorial overflows.
  let choose = 1;
  const k = Math.min(u, w);
  for (let i = 1; i <= k; i += 1) choose = (choose * (u + w - k + i)) / i;
  return 1 / (u * choose);
}

export const SHARE_WIDTH = 32;

/** `orderShare(u, w)` at [u · SHARE_WIDTH + w] for u, w < 32; row 0 is unused. */
export const ORDER_SHARES: Float64Array = Float64Array.from({ length: SHARE_WIDTH * SHARE_WIDTH }, (_, at) =>
  at < SHARE_WIDTH ? 0 : orderShare(Math.floor(at / SHARE_WIDTH), at % SHARE_WIDTH),
);

/** Number of set bits. */
export function bitCount(mask: number): number {
  let v = mask - ((mask >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
