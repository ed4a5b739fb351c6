/** The short form of `node e2e/fault-hour.ts`. */
import { javaVersion } from '@weir/kafka/jars';
import { describe, expect, test } from 'vitest';
import type { FaultPlan } from './fault-run.ts';
import { faultTrial } from './fault-trial.ts';
import { withoutForeignReader } from './foreign-reader.ts';

const MINUTES = 1.5;
const PLAN: FaultPlan = { kills: 4, restoreKills: 2, pauses: 2, outages: 1, aimed: 3 };
const hasJava = (await javaVersion()) !== undefined;
const lacking = hasJava ? withoutForeignReader() : 'no Java 17 and Maven to run a Kafka that may be killed';
if (lacking !== undefined && process.env['REQUIRE_SERVICES'] === '1') throw new Error(lacking);

describe.skipIf(lacking !== undefined)(`faults of every kind${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  test('a client that is not Weir’s sees every alert and dead letter of an undisturbed run once', async ({
    onTestFailed,
  }) => {
    const said: string[] = [];
    onTestFailed(() => console.log(said.join('\n')));
    const trial = await faultTrial({ plan: PLAN, minutes: MINUTES, rate: 600, say: (line) => void said.push(line) });
    expect(trial).toMatchObject({
      memberKills: 11,
      pauses: 2,
      brokerKills: 4,
      endedByThemselves: [],
      failure: undefined,
      judgement: { lost: 0, doubled: 0, strange: 0, reordered: 0, samples: [] },
    });
    expect(trial.brokerKillsAtEndTxn).toBeGreaterThan(0);
    for (const count of Object.values(trial.judgement?.expected ?? {})) expect(count).toBeGreaterThan(100);
  });
});
