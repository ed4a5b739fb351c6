import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import type { QualityEvent } from '@weir/anomaly/quality/event';
import type { Rules } from '@weir/anomaly/quality/rules';

/** Ranges and enumerations as one CEL expression over the lists `numeric` and `categorical`. */
export function celTextOf({ numeric, categorical }: Rules): string {
  const double = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));
  const terms = [`size(numeric) == ${numeric.length}`, `size(categorical) == ${categorical.length}`];
  for (const [i, { min, max }] of numeric.entries()) {
    if (min !== null) terms.push(`numeric[${i}] >= ${double(min)}`);
    if (max !== null) terms.push(`numeric[${i}] <= ${double(max)}`);
  }
  for (const [i, { values }] of categorical.entries())
    if (values !== null) terms.push(`categorical[${i}] in ${JSON.stringify(values)}`);
  return terms.join(' && ');
}

/** The verdict of `@bufbuild/cel`, parsed and planned once. @throws what CEL calls an error */
export function celCheckOf(rules: Rules): (event: QualityEvent) => boolean {
  const evaluate = plan(celEnv(), parse(celTextOf(rules)));
  return ({ numeric, categorical }) => {
    const result = evaluate({ numeric: numeric as number[], categorical: categorical as string[] });
    if (isCelError(result)) throw result;
    return result === true;
  };
}
