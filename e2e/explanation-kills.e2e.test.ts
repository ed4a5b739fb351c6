/** The short form of `node e2e/explanation-kills.ts`. */
import { javaVersion } from '@weir/kafka/jars';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explanationTrial } from './explanation-run.ts';
import { Stage } from './stage.ts';

const KILLS = 8;
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('this test needs Java 17 and Maven to run a Kafka of its own');

describe.skipIf(!hasJava)('explanations on Kafka under SIGKILL (needs Java 17 and Maven)', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(1);
  });
  afterAll(async () => {
    await stage?.stop();
  });

  test(`${KILLS} kills, half at a batch: each explanation once, and as in an undisturbed run`, async ({
    onTestFailed,
  }) => {
    const said: string[] = [];
    onTestFailed(() => console.log(said.join('\n')));
    const trial = await explanationTrial(stage, KILLS, (line) => void said.push(line));
    expect(trial).toMatchObject({ kills: KILLS, killsBefore: 2, killsAfter: 2, departures: 4 });
    expect(trial).toMatchObject({ lost: 0, doubled: 0, strange: 0, reordered: 0, samples: [] });
    expect(trial.expected['explanations']).toBeGreaterThan(100);
    // Alerts come again too.
    expect(trial.replayed).toBeGreaterThan(trial.expected['explanations'] as number);
    expect(trial.replayedOtherwise).toBe(0);
  });
});
