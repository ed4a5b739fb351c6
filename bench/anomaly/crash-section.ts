import { isDeepStrictEqual } from 'node:util';
import { SimulatedRun } from '@weir/service-kit/testing/simulated-run';
import { SCENARIO } from '../../services/anomaly-detector/test/scenario.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/**
 * H2: processes of the detector die at random calls of a simulated log, until so many have. Outputs must be those of one process that lives, byte
 * for byte and once each, and the journal must give them again. @param wanted deaths
 */
export async function crashSection(wanted: number): Promise<void> {
  print(`\ncrashes: processes that die at random places of a stream of ${SCENARIO.events} events, quarantine on`);
  let [deaths, runs, differing, notReplayed, outputs] = [0, 0, 0, 0, 0];
  for (let seed = 1; deaths < wanted; seed += 1) {
    const reference = await new SimulatedRun(SCENARIO, seed).reference();
    const run = new SimulatedRun(SCENARIO, seed);
    const found = await run.faults();
    runs += 1;
    // The last process of a run lives.
    deaths += run.processes - 1;
    outputs += found.length;
    if (!isDeepStrictEqual(found, reference)) differing += 1;
    if ((await run.replayed()) !== undefined) notReplayed += 1;
  }
  print(
    `${deaths} deaths in ${runs} runs: ${differing} runs with a lost, doubled or other output of ${outputs}, ${notReplayed} that do not replay`,
  );
}
