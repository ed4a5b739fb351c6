/**
 * The governance log: append, verify, and what tampering it notices.
 * npm run bench -- governance-log [--entries N] [--service N] [--decisions N] [--mutations N] [--clean N] [--resume FILE]
 * With --mutations or --clean it tampers alone; with --resume a run that was stopped goes on where it was. With --decisions N it explains alone,
 * out of a log of so many.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchAppend } from './governance-log/append.ts';
import { row } from './governance-log/clock.ts';
import { benchExplain } from './governance-log/explain.ts';
import { signedEntries } from './governance-log/log.ts';
import { benchMutations } from './governance-log/mutations.ts';
import { benchPeers } from './governance-log/peers.ts';
import { benchService } from './governance-log/service.ts';
import { benchVerify } from './governance-log/verify.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    entries: { type: 'string' },
    mutations: { type: 'string' },
    clean: { type: 'string' },
    resume: { type: 'string' },
    service: { type: 'string' },
    decisions: { type: 'string' },
  },
});
const number = (text: string | undefined, otherwise: number): number => (text === undefined ? otherwise : Number(text));

process.stdout.write(
  `rates are per CPU-second, but for what is durable\n${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}\n`,
);
const isAlone = values.mutations !== undefined || values.clean !== undefined;
if (values.decisions !== undefined || !isAlone) await benchExplain(number(values.decisions, 100_000));
if (values.decisions === undefined && !isAlone) {
  const entries = signedEntries(number(values.entries, 100_000));
  await benchAppend(entries);
  benchVerify(entries);
  await benchService(number(values.service, 50_000));
  await benchPeers(entries);
  row('tessera POSIX (its docs/performance.md, not run here)', '10 k/s on NVMe and 7 cores, 2.9 k/s on SAS');
  row('immudb (its README, not run here)', '1.2 to 1.8 M/s in batches of 1,000 on 4 cores');
}
if (values.decisions === undefined) {
  const isRight = benchMutations(number(values.mutations, 2_000), number(values.clean, 200), values.resume);
  process.exitCode = isRight ? 0 : 1;
}
