/** `node examples/lending/src/main.ts [APPLICANTS [SEED]]`: the unfair model is found, its honest twin is not accused. */
import { runLending } from './run.ts';
import { BIASED, HONEST } from './stream.ts';

const [applicants = 20_000, seed = 1] = process.argv.slice(2).map(Number);
if (![applicants, seed].every((each) => Number.isSafeInteger(each) && each > 0)) {
  process.stderr.write('lending: APPLICANTS and SEED are whole numbers above 0, like 20000 1\n');
  process.exit(2);
}

interface Cell {
  readonly group: string;
  readonly metric: string;
  readonly status: string;
  readonly count: number;
  readonly value: number;
  readonly othersValue: number;
  readonly interval: readonly number[];
}

await runLending({
  seed,
  applicants,
  port: 0,
  raised: ({ kind, severity, summary, eventTimeMs }) =>
    void process.stdout.write(
      `${new Date(eventTimeMs).toISOString().slice(0, 16)}  ALERT  ${kind} ${severity}  ${summary}\n`,
    ),
  done: async ({ url, processed }) => {
    process.stdout.write(`${processed} records processed; selection rates:\n`);
    for (const model of [BIASED, HONEST]) {
      const response = await fetch(`${url}/v1/models/${model}/fairness`);
      const { versions } = (await response.json()) as { versions: readonly { readonly groups: readonly Cell[] }[] };
      for (const { group, metric, status, count, value, othersValue, interval } of versions.flatMap(
        ({ groups }) => groups,
      ))
        if (metric === 'selection-rate')
          process.stdout.write(
            `  ${model.padEnd(12)} ${group.padEnd(18)} ${value.toFixed(3)} [${interval.map((each) => each.toFixed(3)).join(', ')}]  others ${othersValue.toFixed(3)}  ${count} events  ${status}\n`,
          );
    }
  },
});
