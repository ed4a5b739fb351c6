/** The report for a browser: one file, which loads nothing and runs nothing. */
import { type Histogram, histogramOf } from '@weir/drift/histogram';
import { escaped } from '@weir/service-kit/http/markup';
import type { ColumnScan } from './column-scan.ts';
import type { Options } from './options.ts';
import { conclusion, percent, pText, type Summary, sentences } from './report.ts';
import { axisValue, barsSvg, linesSvg } from './svg.ts';
import type { Verdict } from './verdict.ts';

/** Groups of the bars, and points of the lines. */
const BARS = 20;
const POINTS = 200;

const STYLE = `
:root { color-scheme: light dark; --reference: #6b7f99; --current: #d9662b; --grid: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--grid); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } tr.drift td:nth-child(2) { color: var(--current); font-weight: 600; }
.scroll { overflow-x: auto; } .plots { display: flex; flex-wrap: wrap; gap: 1rem; } svg { width: 27rem; max-width: 100%; }
svg text { font-size: 11px; fill: currentColor; } .grid { stroke: var(--grid); } .mark { stroke: currentColor; stroke-dasharray: 3 3; }
rect.reference { fill: var(--reference); } rect.current { fill: var(--current); }
polyline { fill: none; stroke-width: 2; } polyline.reference { stroke: var(--reference); } polyline.current { stroke: var(--current); }
.key::before { content: "■ "; } .key.reference { color: var(--reference); } .key.current { color: var(--current); }
`;

export function htmlReport(options: Options, scans: readonly ColumnScan[], summary: Summary): string {
  const scanOf = new Map(scans.map((scan) => [scan.name, scan]));
  const drifted = summary.verdicts.filter((verdict) => verdict.drifted);
  const sections = drifted.map((verdict) => section(verdict, scanOf.get(verdict.column) as ColumnScan, summary.window));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Drift of ${escaped(options.current)}</title><style>${STYLE}</style></head><body>
<h1>Drift</h1>
<p><span class="key reference">REF</span> ${escaped(options.reference)}<br><span class="key current">CUR</span> ${escaped(options.current)}</p>
<p>${escaped(conclusion(summary)).replaceAll('\n', '<br>')}</p>
<div class="scroll"><table><thead><tr>${HEAD.map((each, at) => (at < 2 ? `<th>${each}</th>` : `<th class="number">${each}</th>`)).join('')}</tr></thead>
<tbody>${summary.verdicts.map(tableRow).join('\n')}</tbody></table></div>
${sections.join('\n')}
</body></html>
`;
}

const HEAD = ['column', 'verdict', 'D', 'p, Holm', 'missing in REF', 'in CUR', 'p, Holm', 'alerts'];

function tableRow(verdict: Verdict): string {
  const { column, drifted, d, n, distribution, missing, missingReference, missingCurrent, alerts } = verdict;
  const numbers = [
    n === 0 ? '' : d.toFixed(4),
    distribution === undefined ? '' : pText(distribution.pHolm),
    percent(missingReference),
    percent(missingCurrent),
    missing === undefined ? '' : pText(missing.pHolm),
    String(alerts.length),
  ];
  const said = drifted ? 'drift' : n === 0 ? 'no values' : 'no drift';
  const cells = numbers.map((each) => `<td class="number">${escaped(each)}</td>`).join('');
  return `<tr class="${drifted ? 'drift' : 'calm'}"><td>${escaped(column)}</td><td>${said}</td>${cells}</tr>`;
}

function section(verdict: Verdict, scan: ColumnScan, window: number): string {
  const [, ...reasons] = sentences(verdict);
  const list = reasons.map((reason) => `<li>${escaped(reason)}</li>`).join('');
  return `<section><h2>${escaped(verdict.column)}</h2><ul>${list}</ul>${plots(verdict, scan, window)}</section>`;
}

/** Of the whole file where it is what drifted or no window did, else of the window that raised first. */
function plots(verdict: Verdict, { sample, counts, present, raisedCounts }: ColumnScan, window: number): string {
  const isWindow = verdict.distribution?.rejects !== true && raisedCounts !== undefined;
  const size = isWindow ? window : present;
  if (size === 0) return '<p>CUR has no values of this column.</p>';
  const { reference } = sample;
  const groups = (many: number): Histogram => histogramOf(reference, isWindow ? raisedCounts : counts, size, many);
  const valueOf = (edge: number): number => sample.valueOf(edge);
  const bars = groups(BARS);
  const lines = groups(POINTS);
  const points = lines.edges
    .map(valueOf)
    .map((x, index) => ({ x, index }))
    .filter(({ x }) => Number.isFinite(x));
  const at = (ys: readonly number[]): readonly number[] => points.map(({ index }) => ys[index] as number);
  const of = isWindow ? `the ${window} values of the window that raised first` : `all ${present} values`;
  const edges = bars.edges.map((edge) => axisValue(valueOf(edge)));
  const xs = points.map(({ x }) => x);
  return `<p><span class="key reference">REF</span> and <span class="key current">CUR</span>, ${of}</p><div class="plots">
${barsSvg(`Shares of ${verdict.column} in groups of REF`, bars.reference, bars.window, edges)}
${xs.length > 1 ? linesSvg(`Distribution functions of ${verdict.column}`, xs, at(lines.referenceCdf), at(lines.windowCdf), isWindow ? Number.NaN : verdict.at) : ''}
</div>`;
}
