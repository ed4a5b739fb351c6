/** What people read on stdout: a table of all columns, and sentences about those that drifted. */
import { listed } from '../../tables/table.ts';
import type { Alert, Evaluation } from './column-scan.ts';
import { testsIn, type Verdict } from './verdict.ts';

export interface Summary {
  readonly verdicts: readonly Verdict[];
  /** By column; undefined where the window was never evaluated. */
  readonly worst: ReadonlyMap<string, Evaluation | undefined>;
  readonly window: number;
  readonly alpha: number;
  readonly minEffect: number;
  readonly rows: number;
}

export function report(summary: Summary): string {
  const { verdicts, worst, window } = summary;
  const head = ['column', 'verdict', 'D', 'near', 'p, Holm', 'missing', 'p, Holm', `largest D of ${window}`, 'alerts'];
  const lines = verdicts.map((verdict) => {
    const { column, drifted, d, at, n, distribution, missing, missingReference, missingCurrent, alerts } = verdict;
    const largest = worst.get(column);
    return [
      listed([column]),
      drifted ? 'drift' : n === 0 ? 'no values' : 'no drift',
      n === 0 ? '' : d.toFixed(4),
      n === 0 ? '' : short(at),
      distribution === undefined ? '' : pText(distribution.pHolm),
      `${percent(missingReference)} → ${percent(missingCurrent)}`,
      missing === undefined ? '' : pText(missing.pHolm),
      largest === undefined ? '' : `${largest.d.toFixed(4)} at row ${largest.row}`,
      alerts.length === 0 ? '' : String(alerts.length),
    ];
  });
  const details = verdicts.filter(({ drifted }) => drifted).map((verdict) => sentences(verdict).join('\n  '));
  return [aligned([head, ...lines]), ...details, conclusion(summary)].join('\n\n').concat('\n');
}

/** The column, then a sentence for each reason. */
export function sentences(verdict: Verdict): readonly string[] {
  const { column, d, at, direction, effect, n, m, distribution, missing, missingReference, missingCurrent } = verdict;
  const said = [`${listed([column])} has drifted`];
  if (distribution?.rejects === true) {
    const moved = `its values lie ${direction > 0 ? 'higher' : 'lower'} near ${short(at)}: D = ${d.toFixed(4)}`;
    const chance = `a value of CUR exceeds one of REF with chance ${(effect + 0.5).toFixed(2)}`;
    said.push(`whole file: ${moved} over ${n} values against ${m}, ${pSaid(distribution.pHolm)}; ${chance}`);
  }
  if (missing?.rejects === true)
    said.push(
      `whole file: ${percent(missingCurrent)} of its values are missing, ${percent(missingReference)} in REF, ${pSaid(missing.pHolm)}`,
    );
  return [...said, ...alertSentences(verdict.alerts)];
}

const ALERTS_SHOWN = 5;

function alertSentences(alerts: readonly Alert[]): readonly string[] {
  const said = alerts.slice(0, ALERTS_SHOWN).map(({ rule, raisedRow, sinceRow, resolvedRow }) => {
    const end = resolvedRow === null ? 'open at the last row' : `resolved at row ${resolvedRow}`;
    return `${rule}: raised at row ${raisedRow}, since row ${sinceRow}; ${end}`;
  });
  if (alerts.length > ALERTS_SHOWN) said.push(`and ${alerts.length - ALERTS_SHOWN} more alerts: --json has all`);
  return said;
}

/** What was decided over all columns, and by which rule. */
export function conclusion({ verdicts, worst, window, alpha, minEffect, rows }: Summary): string {
  const drifted = verdicts.filter((verdict) => verdict.drifted).map(({ column }) => column);
  const tests = testsIn(verdicts);
  const isFull = [...worst.values()].some((each) => each?.n === window);
  const windows = isFull
    ? "Windows raise and resolve as a service's do."
    : `No window of ${window} values was full; give a smaller --window.`;
  const effect = minEffect > 0 ? ` beyond ${minEffect}` : '';
  return (
    `${drifted.length} of ${verdicts.length} columns drifted${drifted.length > 0 ? `: ${listed(drifted)}` : ''}; ${rows} rows scanned.\n` +
    `Whole file: drift at p ≤ ${alpha}${effect}, p by Holm over ${tests} test${tests === 1 ? '' : 's'}. ${windows}`
  );
}

/** A value as a table has room for. */
export function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function pSaid(p: number): string {
  return p === 0 ? `p ${pText(p)}` : `p = ${pText(p)}`;
}

/** Below the smallest doubles p is 0. */
export function pText(p: number): string {
  if (p === 0) return '< 1e-300';
  return p >= 0.001 ? p.toPrecision(2) : p.toExponential(1);
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = (table[0] as readonly string[]).map((_, at) =>
    Math.max(...table.map((line) => (line[at] as string).length)),
  );
  return table
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
