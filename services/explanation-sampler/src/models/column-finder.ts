/** Which column a feature of a model is. LightGBM writes underscores for the spaces of a name, so `mean_radius` is the column `mean radius`. */

/** Finds a column by the name of a feature: the one of that name, else the only one that has it with underscores for spaces. O(1) a name. */
export function columnFinder(columns: Iterable<string>): (feature: string) => string | undefined {
  const own = new Set(columns);
  const spaceless = new Map<string, string | undefined>();
  for (const column of own) {
    const name = column.replaceAll(' ', '_');
    // Of two that become the same neither can be meant.
    spaceless.set(name, spaceless.has(name) ? undefined : column);
  }
  return (feature) => (own.has(feature) ? feature : spaceless.get(feature));
}
