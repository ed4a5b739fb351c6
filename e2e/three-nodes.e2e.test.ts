/** On a Kafka of three nodes, topics and leaders move all the time: nodes are killed or stopped in turn under two members that come and go. */
import { javaVersion } from '@weir/kafka/jars';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENTS, type Outputs, Stage, seeded, sleep } from './stage.ts';

const ROUNDS = 6;
/** Longer than a broker's session: its partitions get other leaders, and it does not know. */
const STOPPED_MS = 5_000;
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('this test needs Java 17 and Maven to run a Kafka that it may kill');

describe.skipIf(!hasJava)('three nodes (needs Java 17 and Maven)', () => {
  let stage: Stage;
  let calm: Outputs;

  beforeAll(async () => {
    stage = await Stage.start(3);
    calm = await stage.calm();
  });
  afterAll(() => stage?.stop());

  test(`${ROUNDS} nodes killed or stopped for a while in turn, and members killed or replaced meanwhile, change nothing`, async () => {
    const rng = seeded();
    await stage.introduce('nodes.');
    const members = [stage.detector('nodes.'), stage.detector('nodes.')];
    const share = EVENTS / ROUNDS;
    for (let round = 0; round < ROUNDS; round += 1) {
      await stage.feedPart('nodes.', round * share, (round + 1) * share);
      await sleep(uniformInt(rng, 0, 800));
      const node = 1 + (round % 3);
      const isKilled = round % 4 < 2;
      if (isKilled) await stage.cluster.kill(node);
      else stage.cluster.pause(node);
      await sleep(uniformInt(rng, 0, 2_000) + (isKilled ? 0 : STOPPED_MS));
      for (const member of members) member.lives();
      if (round % 2 === 1) {
        const place = uniformInt(rng, 0, 1);
        await members[place]?.end(round % 4 === 1 ? 'SIGKILL' : 'SIGTERM');
        members[place] = stage.detector('nodes.');
      }
      if (isKilled) await stage.cluster.start(node);
      else stage.cluster.resume(node);
    }
    await Promise.all(members.map((member) => member.finishes()));
    await Promise.all(members.map((member) => member.end('SIGTERM')));
    expect(await stage.difference('nodes.', calm)).toBeUndefined();
  });
});
