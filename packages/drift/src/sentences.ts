/** Figures as sentences: an alert of the service, its views and a scan of files say the same. */
import type { Dependence } from '@weir/stats/serial-dependence';
import type { Quantiles } from './quantiles.ts';

/** Median and range before and after, in the unit of the column. @param after null where it is not known */
export function movedFrom(before: Quantiles, after: Quantiles | null, unit: string | null): string {
  const range = ({ low, high }: Quantiles): string => `${shownNumber(low)} to ${shownNumber(high)}`;
  const named = unit === null ? '' : ` ${unit}`;
  const [median, ranges] = after === null ? ['', ''] : [` → ${shownNumber(after.median)}`, ` → ${range(after)}`];
  return `median ${shownNumber(before.median)}${median}${named}, 5 to 95 % ${range(before)}${ranges}${named}`;
}

/** With four digits. */
export function shownNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

export function notPromised({ lagOne }: Dependence): string {
  return `How often the rule raises without a change is not promised here: neighbouring values depend on each other (rank correlation ${lagOne.toFixed(2)}).`;
}
