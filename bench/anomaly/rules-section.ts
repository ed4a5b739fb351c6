import type { QualityEvent } from '@weir/anomaly/quality/event';
import { inferRules } from '@weir/anomaly/quality/infer';
import { jsonSchemaOf } from '@weir/anomaly/quality/json-schema';
import { profileOf } from '@weir/anomaly/quality/profile';
import { RuleTable } from '@weir/anomaly/quality/rule-table';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { celCheckOf } from './cel-peer.ts';
import { uniformOf } from './streams.ts';

const FIELDS = 20;
const KINDS = ['AA', 'UA', 'DL', 'WN', 'US', 'NW'].map((kind) => Buffer.from(kind));
const FUZZED = 1_000_000;
const RING = 1_000;
const ROUNDS = 300;
/** CEL takes some hundred times as long: fewer events and rounds are enough. */
const CEL_FUZZED = 20_000;
const CEL_ROUNDS = 9;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const columns = { numeric: Array.from({ length: FIELDS }, (_, i) => `f${i}`), categorical: ['kind'] };

/** Arrays of plain numbers, which a JSON validator needs too. */
function eventOf(uniform: () => number, faulty: boolean): QualityEvent & { readonly numeric: number[] } {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const numeric = columns.numeric.map((_, i) => i + normal());
  // As it comes out of a record: equal texts are not one object, as literals would be.
  const categorical = [(KINDS[Math.floor(uniform() * KINDS.length)] as Buffer).toString()];
  if (!faulty) return { numeric, categorical };
  const place = Math.floor(uniform() * (FIELDS + 1));
  if (place === FIELDS) categorical[0] = `${categorical[0]}?`;
  else numeric[place] = (uniform() < 0.5 ? -1 : 1) * 1e3 * uniform();
  return { numeric, categorical };
}

/** F2 (time), F3: rules of 20 ranges and one enumeration, all violations, beside ajv and CEL that stop at the first. */
export function rulesSection(): void {
  const uniform = uniformOf(3);
  const reference = Array.from({ length: 10_000 }, () => eventOf(uniform, false));
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    inferRules(profileOf(columns, reference));
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const rules = inferRules(profileOf(columns, reference));
  print(
    `\nrules: ${FIELDS} ranges and an enumeration inferred from 10,000 events in ${(times[4] as number).toFixed(1)} ms (median of 9)`,
  );
  let flagged = 0;
  const table = new RuleTable(rules);
  for (let i = 0; i < 1_000_000; i += 1) if (table.check(eventOf(uniform, false)) > 0) flagged += 1;
  print(`clean events that break a rule: ${flagged} of 1,000,000`);
  const validate = new Ajv2020().compile(jsonSchemaOf(rules));
  const cel = celCheckOf(rules);
  let [differing, celDiffering] = [0, 0];
  for (let i = 0; i < FUZZED; i += 1) {
    const event = eventOf(uniform, i % 2 === 0);
    const verdict = table.check(event) === 0;
    if (validate(event) !== verdict) differing += 1;
    if (i < CEL_FUZZED && cel(event) !== verdict) celDiffering += 1;
  }
  print(
    `verdicts that differ from ajv's on ${FUZZED} fuzzed events: ${differing}; from CEL's on ${CEL_FUZZED}: ${celDiffering}`,
  );
  for (const share of [0, 0.5])
    race(
      table,
      { ajv: validate, cel },
      Array.from({ length: RING }, (_, i) => eventOf(uniform, i % 100 < 100 * share)),
      share,
    );
}

function race(
  table: RuleTable,
  peers: { readonly ajv: (event: unknown) => boolean; readonly cel: (event: QualityEvent) => boolean },
  ring: readonly QualityEvent[],
  share: number,
): void {
  const [ours, theirs, cels]: [number[], number[], number[]] = [[], [], []];
  let checksum = 0;
  const time = (check: (event: QualityEvent) => number): number => {
    const start = performance.now();
    for (const event of ring) checksum += check(event);
    return ((performance.now() - start) * 1_000) / ring.length;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(time((event) => table.check(event)));
    theirs.push(time((event) => (peers.ajv(event) ? 0 : 1)));
    if (round < CEL_ROUNDS) cels.push(time((event) => (peers.cel(event) ? 0 : 1)));
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;
  const [own, ajv, cel] = [median(ours), median(theirs), median(cels)];
  print(
    `${share * 100} % faulty: ours, all violations, ${own.toFixed(3)} µs; ajv, the first, ${ajv.toFixed(3)} µs, ratio ${(ajv / own).toFixed(2)}; @bufbuild/cel, the first, ${cel.toFixed(1)} µs, ratio ${(cel / own).toFixed(0)} (${checksum} findings)`,
  );
}
