/** `node examples/lending/src/main.ts [APPLICANTS [SEED]]`: the unfair model is found, with the column that does it; its honest twin is not accused. */
import { runLending } from './run.ts';
import { adviceOn, gapOf, selectionRates } from './shown.ts';
import { BIASED, HONEST } from './stream.ts';

const [applicants = 20_000, seed = 1] = process.argv.slice(2).map(Number);
if (![applicants, seed].every((each) => Number.isSafeInteger(each) && each > 0)) {
  process.stderr.write('lending: APPLICANTS and SEED are whole numbers above 0, like 20000 1\n');
  process.exit(2);
}

function print(title: string, lines: readonly string[]): void {
  process.stdout.write(`${[title, ...lines.map((line) => `  ${line}`)].join('\n')}\n`);
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
    const models = [BIASED, HONEST];
    const each = async (lines: (model: string) => Promise<readonly string[]>): Promise<readonly string[]> =>
      (await Promise.all(models.map(lines))).flat();
    print(`${processed} records processed; selection rates:`, await each((model) => selectionRates(url, model)));
    print('which columns carry the gap:', await each((model) => gapOf(url, model, 'sex=F')));
    print(`what could be done about ${BIASED}, none of which was done:`, await adviceOn(url, BIASED, 'sex'));
  },
});
