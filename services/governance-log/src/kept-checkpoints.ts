/** Which checkpoints a folder keeps: the topic governance-checkpoints has all of them. */

const NEWEST = 64;
/** Of earlier ones the last in each block of so many leaves stays. */
const BLOCK = 4_096;

/** @param sizes ascending. @returns ascending, the newest 64 and the last of each earlier block */
export function keptCheckpoints(sizes: readonly number[]): readonly number[] {
  const newest = sizes.slice(-NEWEST);
  const earlier = sizes.slice(0, -NEWEST);
  const lastOfBlock = earlier.filter((size, at) => {
    const next = sizes[at + 1] as number;
    return Math.floor((size - 1) / BLOCK) < Math.floor((next - 1) / BLOCK);
  });
  return [...lastOfBlock, ...newest];
}
