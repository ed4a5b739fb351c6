/** Where the values of a column lay before and after, as SVG: 5 to 95 % as a bar, the median as a line across it. */

interface Range {
  /** 5 %, 50 % and 95 % quantile, in the unit of the column. */
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

const WIDTH = 640;
const ROW = 34;
const LEFT = 90;
const RIGHT = 20;

/** Empty for an alert that has no two ranges of finite numbers. */
export function rangePicture(before: unknown, after: unknown): string {
  if (!isRange(before) || !isRange(after)) return '';
  const from = Math.min(before.low, after.low);
  const to = Math.max(before.high, after.high);
  const place = (value: number): number =>
    Math.round(LEFT + (to > from ? (value - from) / (to - from) : 0.5) * (WIDTH - LEFT - RIGHT));
  const row = ({ low, median, high }: Range, at: number, name: string): string => {
    const top = 8 + at * ROW;
    const [left, middle] = [place(low), place(median)];
    const width = Math.max(2, place(high) - left);
    const title = `${name}: 5 % at ${low}, median ${median}, 95 % at ${high}`;
    return `<g><title>${title}</title><text x="0" y="${top + 15}">${name}</text>
<rect class="${name}" x="${left}" y="${top}" width="${width}" height="20"/>
<line class="median" x1="${middle}" x2="${middle}" y1="${top - 3}" y2="${top + 23}"/></g>`;
  };
  const bottom = 8 + 2 * ROW + 8;
  const ends = [from, to].map(
    (value, end) =>
      `<text x="${place(value)}" y="${bottom}" text-anchor="${end === 0 ? 'start' : 'end'}">${Number(value.toPrecision(4))}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${bottom + 6}" role="img" aria-label="values before and after">
${row(before, 0, 'before')}${row(after, 1, 'after')}${ends.join('')}</svg>
<p class="note">Bar: 5 to 95 % of the values; line: the median.</p>`;
}

function isRange(value: unknown): value is Range {
  if (typeof value !== 'object' || value === null) return false;
  const { low, median, high } = value as Partial<Range>;
  return [low, median, high].every((each) => Number.isFinite(each));
}
