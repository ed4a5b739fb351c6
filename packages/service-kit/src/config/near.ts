/** Which known name somebody may have meant. */

/**
 * The known name that `name` is probably a slip of: word by word, each may differ by a quarter of its letters; or it is the same but for its
 * underscores. So WEIR_PARTITION is near WEIR_PARTITIONS, and WEIR_A_WINDOWS is not near WEIR_B_WINDOWS.
 */
export function slipOf(name: string, known: readonly string[]): string | undefined {
  return known.find((each) => isSlip(name, each));
}

/** The closest of the known names within `limit` letters. */
export function nearest(name: string, known: readonly string[], limit: number): string | undefined {
  const [first] = known
    .map((each) => ({ each, letters: editDistance(name, each) }))
    .filter(({ letters }) => letters <= limit)
    .sort((a, b) => a.letters - b.letters);
  return first?.each;
}

function isSlip(name: string, known: string): boolean {
  if (name.replaceAll('_', '') === known.replaceAll('_', '')) return true;
  const words = name.split('_');
  const meant = known.split('_');
  return (
    words.length === meant.length &&
    meant.every((word, index) => editDistance(words[index] as string, word) <= Math.floor(word.length / 4))
  );
}

/** Letters to change, add, leave out or swap with their neighbour (optimal string alignment). O(a·b). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] as number) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
