/** What the run prints at its end, read over REST as anybody with the role `protected` would. */

interface Cell {
  readonly group: string;
  readonly metric: string;
  readonly status: string;
  readonly count: number;
  readonly value: number;
  readonly othersValue: number;
  readonly interval: readonly number[];
}

interface Term {
  readonly gap: number;
  readonly interval: readonly number[];
}

interface Gap {
  readonly group: string;
  readonly explained: number;
  readonly scoreGap: Term;
  readonly columns: readonly (Term & { readonly column: string })[];
}

interface Fairness {
  readonly versions: readonly { readonly groups: readonly Cell[]; readonly gaps: readonly Gap[] }[];
}

interface Advice {
  readonly versions: readonly {
    readonly thresholds: readonly {
      readonly attributes: string;
      readonly criterion: string;
      readonly groups: readonly {
        readonly group: string;
        readonly favourable: string;
        readonly rateNow: number;
        readonly rate: number;
      }[];
    }[];
    readonly reweighing: readonly {
      readonly attributes: string;
      readonly groups: readonly { readonly group: string; readonly label0: number; readonly label1: number }[];
    }[];
    readonly promotion: { readonly policy: object; readonly set: string } | null;
  }[];
}

async function read<Shown>(url: string): Promise<Shown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Shown;
}

const three = (value: number): string => value.toFixed(3);
const range = (interval: readonly number[]): string => `[${interval.map(three).join(', ')}]`;

/** Lines of the selection rates of a model. */
export async function selectionRates(url: string, model: string): Promise<readonly string[]> {
  const { versions } = await read<Fairness>(`${url}/v1/models/${model}/fairness`);
  return versions
    .flatMap(({ groups }) => groups)
    .filter(({ metric }) => metric === 'selection-rate')
    .map(
      ({ group, value, interval, othersValue, count, status }) =>
        `${model.padEnd(12)} ${group.padEnd(18)} ${three(value)} ${range(interval)}  others ${three(othersValue)}  ${count} events  ${status}`,
    );
}

/** Which columns carry the gap of scores of a group, the largest first. */
export async function gapOf(url: string, model: string, group: string): Promise<readonly string[]> {
  const { versions } = await read<Fairness>(`${url}/v1/models/${model}/fairness`);
  const gap = versions[0]?.gaps.find((each) => each.group === group);
  if (gap === undefined) return [`${model}: too few explanations of ${group}`];
  return [
    `${model} ${group}: gap of the score to all others ${three(gap.scoreGap.gap)} ${range(gap.scoreGap.interval)} log-odds, from ${gap.explained} explanations`,
    ...gap.columns.map(
      ({ column, gap: each, interval }) => `  ${column.padEnd(12)} ${three(each).padStart(6)} ${range(interval)}`,
    ),
  ];
}

/** What could be done about one attribute. */
export async function adviceOn(url: string, model: string, attribute: string): Promise<readonly string[]> {
  const { versions } = await read<Advice>(`${url}/v1/models/${model}/fairness/advice`);
  const [advice] = versions;
  if (advice === undefined) return [];
  const ofAttribute = <Each extends { readonly attributes: string }>(each: Each): boolean =>
    each.attributes === attribute;
  return [
    ...advice.thresholds
      .filter(ofAttribute)
      .map(
        ({ criterion, groups }) =>
          `thresholds for an equal ${criterion}: ${groups
            .map(
              ({ group, favourable, rateNow, rate }) => `${group} ${favourable} (${three(rateNow)} → ${three(rate)})`,
            )
            .join(', ')}`,
      ),
    ...advice.reweighing
      .filter(ofAttribute)
      .map(
        ({ groups }) =>
          `weights for retraining: ${groups
            .map(({ group, label0, label1 }) => `${group} label 0 ${three(label0)}, label 1 ${three(label1)}`)
            .join('; ')}`,
      ),
    ...(advice.promotion === null
      ? []
      : [`hold promotions: ${advice.promotion.set} with ${JSON.stringify(advice.promotion.policy)}`]),
  ];
}
