/**
 * A drawn matrix as a CSV file: one row a prediction, in the order in which predictions matured.
 *
 *   draw,champion,challenger[,segment][,propensity]
 *
 * The challenger serves when draw < propensity · 2^32 (propensity .5 without the column); the rule then sees the reward of the arm that serves.
 */
import { createReadStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CHALLENGER, CHAMPION, createMatrix, drawMatrix } from './matrix.ts';
import type { Rule } from './rules.ts';
import type { World } from './worlds.ts';

export interface MatrixDecision {
  readonly rule: string;
  readonly decision: 'promote' | 'hold';
  /** Outcomes at which it fell, from 1; null without one. */
  readonly sample: number | null;
  /** E after the last outcome; null for rules without one. */
  readonly eValue: number | null;
  readonly outcomes: number;
}

const REQUIRED = ['draw', 'champion', 'challenger'] as const;
const OPTIONAL = ['segment', 'propensity'] as const;

/** @throws {Error} naming file, line, column, value and cure */
export async function decideFile(file: string, rule: Rule, alpha: number): Promise<MatrixDecision> {
  const lines = createInterface({ input: createReadStream(file, 'utf8') });
  let columns: string[] | undefined;
  let line = 0;
  let outcomes = 0;
  let sample: number | null = null;
  const running = rule.start(alpha, 256);
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    if (columns === undefined) {
      columns = readHeader(file, text);
      continue;
    }
    const row = readRow(file, line, columns, text);
    const propensity = row.propensity ?? 0.5;
    const challenger = (row.draw as number) < propensity * 4_294_967_296;
    const reward = (challenger ? row.challenger : row.champion) as number;
    outcomes += 1;
    const promotes = running.observe(row.segment ?? 0, challenger, reward, propensity);
    if (promotes && sample === null) sample = outcomes;
  }
  const eValue = running.eValue();
  return {
    rule: rule.name,
    decision: sample === null ? 'hold' : 'promote',
    sample,
    eValue: Number.isNaN(eValue) ? null : eValue,
    outcomes,
  };
}

function readHeader(file: string, text: string): string[] {
  const columns = text.split(',').map((column) => column.trim());
  const known: readonly string[] = [...REQUIRED, ...OPTIONAL];
  const wrong = columns.find((column) => !known.includes(column)) ?? REQUIRED.find((each) => !columns.includes(each));
  if (wrong !== undefined)
    throw new Error(
      `${file}:1: the header is "${text}"; "${wrong}" is unknown or missing; write ${known.join(',')}, the last two if needed`,
    );
  return columns;
}

function readRow(
  file: string,
  line: number,
  columns: readonly string[],
  text: string,
): Record<string, number | undefined> {
  const cells = text.split(',');
  const row: Record<string, number | undefined> = {};
  columns.forEach((column, index) => {
    const value = Number(cells[index]?.trim() || Number.NaN);
    const whole = column === 'draw' || column === 'segment';
    const most = column === 'draw' ? 4_294_967_295 : column === 'segment' ? 255 : 1;
    if (!(value >= 0 && value <= most) || (whole && !Number.isInteger(value)))
      throw new Error(
        `${file}:${line}: ${column} is "${cells[index] ?? ''}"; it must be a ${whole ? 'whole ' : ''}number from 0 to ${most}; correct the row`,
      );
    row[column] = value;
  });
  return row;
}

/** Writes run `run` of a world whose split is fixed or a ramp; an adaptive split has no propensity before its outcomes are known. */
export function writeMatrix(file: string, world: World, outcomes: number, seed: number, run: number): void {
  const { propensity } = world;
  if (propensity === 'capped-thompson')
    throw new Error(`world is "${world.name}"; its propensities depend on outcomes; choose a world with a fixed split`);
  const matrix = createMatrix(outcomes);
  drawMatrix(matrix, world, seed, run);
  const rows = ['draw,champion,challenger,segment,propensity'];
  for (let outcome = 0; outcome < outcomes; outcome += 1) {
    const cells = (matrix.rewards[outcome] as number) & (matrix.arrivals[outcome] as number);
    const champion = (cells & CHAMPION) === 0 ? 0 : 1;
    const challenger = (cells & CHALLENGER) === 0 ? 0 : 1;
    rows.push(
      [matrix.draws[outcome], champion, challenger, matrix.segments[outcome], propensity(outcome / outcomes)].join(),
    );
  }
  writeFileSync(file, `${rows.join('\n')}\n`);
}
