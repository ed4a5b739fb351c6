/** Two distributions side by side as SVG. Colours are classes of the page, so that it may be dark or light. */
import { escaped } from '@weir/service-kit/http/markup';

const WIDTH = 420;
const HEIGHT = 220;
const MARGIN = { left: 54, right: 22, top: 10, bottom: 34 };
const INNER_WIDTH = WIDTH - MARGIN.left - MARGIN.right;
const INNER_HEIGHT = HEIGHT - MARGIN.top - MARGIN.bottom;
const TICKS = 4;

/** Shares of both in the same groups, as pairs of bars. @param edges names of the ends of the groups but the last. */
export function barsSvg(
  title: string,
  reference: readonly number[],
  current: readonly number[],
  edges: readonly string[],
): string {
  const top = roundAbove(Math.max(...reference, ...current, 1e-9));
  const step = INNER_WIDTH / reference.length;
  const bar = (share: number, group: number, half: number, kind: string): string => {
    const height = (share / top) * INNER_HEIGHT;
    const x = MARGIN.left + group * step + step * (0.1 + 0.4 * half);
    return `<rect class="${kind}" x="${round(x)}" y="${round(MARGIN.top + INNER_HEIGHT - height)}" width="${round(0.4 * step)}" height="${round(height)}"/>`;
  };
  const bars = reference.map(
    (share, group) => bar(share, group, 0, 'reference') + bar(current[group] as number, group, 1, 'current'),
  );
  const labels = labelled(edges).map(({ at, text }) =>
    label(MARGIN.left + (at + 1) * step, HEIGHT - 16, text, 'middle'),
  );
  return svg(title, [
    ...shares(top),
    ...bars,
    ...labels,
    axisName('groups with equal shares of REF, up to the value named'),
  ]);
}

/** Two step-free distribution functions through the points (x, share at or below x). */
export function linesSvg(
  title: string,
  xs: readonly number[],
  reference: readonly number[],
  current: readonly number[],
  marked: number,
): string {
  const low = xs[0] ?? 0;
  const width = (xs.at(-1) ?? 1) - low || 1;
  const placeOf = (x: number): number => MARGIN.left + Math.min(1, Math.max(0, (x - low) / width)) * INNER_WIDTH;
  const line = (ys: readonly number[], kind: string): string => {
    const points = xs.map((x, index) => `${round(placeOf(x))},${round(heightOf(ys[index] as number, 1))}`);
    return `<polyline class="${kind}" points="${points.join(' ')}"/>`;
  };
  const mark = Number.isFinite(marked)
    ? `<line class="mark" x1="${round(placeOf(marked))}" x2="${round(placeOf(marked))}" y1="${MARGIN.top}" y2="${MARGIN.top + INNER_HEIGHT}"/>`
    : '';
  const labels = [low, low + width / 2, low + width].map((x) => label(placeOf(x), HEIGHT - 16, axisValue(x), 'middle'));
  const axis = axisName('share of values at or below, by value; the mark is where D lies');
  return svg(title, [...shares(1), mark, line(reference, 'reference'), line(current, 'current'), ...labels, axis]);
}

/** Beside an axis the first digits are enough. */
export function axisValue(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function svg(title: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"><title>${escaped(title)}</title>${parts.join('')}</svg>`;
}

/** Lines and labels of the vertical axis. */
function shares(top: number): readonly string[] {
  return Array.from({ length: TICKS + 1 }, (_, tick) => {
    const share = (top * tick) / TICKS;
    const y = heightOf(share, top);
    const line = `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${round(y)}" y2="${round(y)}"/>`;
    return line + label(MARGIN.left - 6, y + 4, `${Number((100 * share).toPrecision(3))} %`, 'end');
  });
}

/** The next share that four lines divide into round ones: 4, 8, 12, 16, 20, 40, 60 … of a power of ten. */
function roundAbove(share: number): number {
  const power = 10 ** Math.floor(Math.log10(share));
  const step = [1.2, 1.6, 2, 4, 6, 8, 10].find((each) => share <= each * power) ?? 10;
  return step * power;
}

function heightOf(share: number, top: number): number {
  return MARGIN.top + INNER_HEIGHT * (1 - share / top);
}

function axisName(text: string): string {
  return label(MARGIN.left + INNER_WIDTH / 2, HEIGHT - 2, text, 'middle');
}

function label(x: number, y: number, text: string, anchor: 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

/** About four of the edges, evenly spread. */
function labelled(edges: readonly string[]): readonly { readonly at: number; readonly text: string }[] {
  const every = Math.max(1, Math.ceil(edges.length / 4));
  return edges.flatMap((text, at) => (at % every === 0 ? [{ at, text }] : []));
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
