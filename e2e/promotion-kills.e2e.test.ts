/** The short form of promotion-kills.ts. */
import { javaVersion } from '@weir/kafka/jars';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calmPromotions, decisionsOf, entriesOf, killPromotions, Receiver } from './promotion-run.ts';
import { Stage } from './stage.ts';

const KILLS = 8;
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('this test needs Java 17 and Maven to run a Kafka of its own');

describe.skipIf(!hasJava)('promotion on Kafka under SIGKILL (needs Java 17 and Maven)', () => {
  let stage: Stage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await Stage.start(1);
    receiver = await Receiver.start();
  });
  afterAll(async () => {
    receiver?.close();
    await stage?.stop();
  });

  test(`${KILLS} kills, half at an effect: each decision once, in force, and as in an undisturbed run`, async () => {
    const judgement = await killPromotions(stage, 'kills.', KILLS, receiver);
    expect(judgement).toMatchObject({ kills: KILLS, faults: [] });
    expect(judgement.claims).toBeGreaterThan(KILLS);
    const found = decisionsOf(await entriesOf(stage, 'kills.'));
    expect(found).toEqual(await calmPromotions(stage, 'calm.', KILLS, receiver));
  });
});
