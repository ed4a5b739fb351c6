import type { Rules } from '@weir/anomaly/quality/rules';
import { escaped } from '@weir/service-kit/http/markup';
import type { CheckResult } from './check-rows.ts';

/** The test case of the scores: what was found, and why it failed or was left out. */
export interface ScoreCase {
  readonly text: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

/** A report as JUnit writes it: a test case for each column, a failure for each rule that it broke; then one for the scores of rows. */
export function junitOf({ numeric, outputs, categorical }: Rules, result: CheckResult, scores?: ScoreCase): string {
  const columns = [...numeric, ...outputs, ...categorical].map(({ name }) => name);
  const failures = columns.map((column) => failuresOf(column, result));
  const cases = columns.map((column, at) => testCase('weir.check', column, failures[at] as readonly string[]));
  if (scores !== undefined) cases.push(testCase('weir.check.scores', 'odd rows', [scoreElement(scores)]));
  const failed = failures.filter(({ length }) => length > 0).length + (scores?.outcome === 'failed' ? 1 : 0);
  const skipped = scores?.outcome === 'skipped' ? ' skipped="1"' : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="weir check" tests="${cases.length}" failures="${failed}"${skipped}>\n${cases.join('')}</testsuite>\n`;
}

function testCase(group: string, name: string, content: readonly string[]): string {
  const head = `  <testcase classname="${group}" name="${xml(name)}"`;
  return content.length === 0 ? `${head}/>\n` : `${head}>\n${content.join('')}  </testcase>\n`;
}

function failuresOf(name: string, { rows, faults, summaries }: CheckResult): readonly string[] {
  const ofFile = faults
    .filter(({ field }) => field === name)
    .map(({ rule, bound }) => failure(rule, `${rule}: the file lacks ${bound}`));
  const ofRows = summaries
    .filter(({ column }) => column === name)
    .map(({ rule, rows: count, first: { row, observed, bound } }) =>
      failure(rule, `${rule} in ${count} of ${rows} rows; row ${row}: ${observed}, the rule allows ${bound}`),
    );
  return [...ofFile, ...ofRows];
}

function failure(type: string, text: string): string {
  return `    <failure type="${type}" message="${xml(text)}"/>\n`;
}

function scoreElement({ text, outcome }: ScoreCase): string {
  if (outcome === 'failed') return failure('ODD_ROWS', text);
  if (outcome === 'skipped') return `    <skipped message="${xml(text)}"/>\n`;
  return `    <system-out>${xml(text)}</system-out>\n`;
}

/** Control characters are not allowed in XML 1.0, however they are written. */
function xml(text: string): string {
  return escaped(text.replaceAll(/[\p{Cc}\uFFFE\uFFFF]/gu, '\uFFFD'));
}
