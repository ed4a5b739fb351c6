import type { Rules } from '@weir/anomaly/quality/rules';
import type { CheckResult } from './check-rows.ts';

/** A report as JUnit writes it: a test case for each column, a failure for each rule that it broke. */
export function junitOf({ numeric, outputs, categorical }: Rules, { rows, summaries }: CheckResult): string {
  const columns = [...numeric, ...outputs, ...categorical].map(({ name }) => name);
  const cases = columns.map((column) => {
    const failures = summaries
      .filter((each) => each.column === column)
      .map(({ rule, rows: count, first: { row, observed, bound } }) => {
        const text = `${rule} in ${count} of ${rows} rows; row ${row}: ${observed}, the rule allows ${bound}`;
        return `    <failure type="${rule}" message="${escaped(text)}"/>\n`;
      });
    const head = `  <testcase classname="weir.check" name="${escaped(column)}"`;
    return failures.length === 0 ? `${head}/>\n` : `${head}>\n${failures.join('')}  </testcase>\n`;
  });
  const failed = columns.filter((column) => summaries.some((each) => each.column === column)).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="weir check" tests="${columns.length}" failures="${failed}">\n${cases.join('')}</testsuite>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters are not allowed in XML 1.0, however they are written. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{Cc}\uFFFE\uFFFF]/gu, '\uFFFD').replaceAll(/[&<>"]/g, (each) => ENTITIES[each] ?? each);
}
