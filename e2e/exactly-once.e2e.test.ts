/**
 * On a real Kafka: however often the service is killed and the broker restarted, the alerts are those of an undisturbed run, and those
 * that the embedded log gives. A build that writes its journal outside the transaction must fail the same comparison.
 */
import { join } from 'node:path';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { javaVersion } from '@weir/kafka/jars';
import { Kafka, logLevel } from 'kafkajs';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { introduction } from './scenario.ts';
import { EVENTS, type Outputs, Stage, seeded, sleep, TOPICS, until } from './stage.ts';
import { runUndisturbed } from './undisturbed.ts';

const KILLS = 20;
const BROKER_RESTARTS = 3;
/** How long the broker is away; the longest outlasts sessions, and requests that are not answered. */
const OUTAGES_MS = [0, 300, 1_000, 12_000, 100];
/** The three below need nodes that can be killed, so an address or a container will not do. */
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('these tests need Java 17 and Maven to run a Kafka that they may kill');

describe.skipIf(!hasJava)('exactly once on Kafka (needs Java 17 and Maven)', () => {
  let stage: Stage;
  let calm: Outputs;

  beforeAll(async () => {
    stage = await Stage.start(1);
    calm = await stage.calm();
  });
  afterAll(() => stage?.stop());

  /** Kills at seeded points: after so many commits, or so long after the start, so that restores are hit as well as commits. */
  async function storm(prefix: string, kills: number, mode: 'whole' | 'broken'): Promise<readonly string[]> {
    const rng = seeded();
    const restarts = new Set(
      Array.from({ length: BROKER_RESTARTS }, (_, index) => Math.floor(((index + 1) * kills) / (BROKER_RESTARTS + 1))),
    );
    const errors: string[] = [];
    // Each life has fresh input to be killed in.
    const part = EVENTS / (kills + 1);
    const endOf = (life: number): number => Math.round((life + 1) * part);
    for (let kill = 0; kill < kills; kill += 1) {
      await stage.feedPart(prefix, kill === 0 ? 0 : endOf(kill - 1), endOf(kill));
      const detector = stage.detector(prefix, mode);
      const goal = uniformInt(rng, 400, Math.floor(part / 2));
      const delayMs = uniformInt(rng, 0, 25);
      const inRestore = kill % 5 === 4;
      if (mode === 'whole' && restarts.has(kill)) {
        await detector.commits(0);
        await stage.cluster.kill(1);
        await stage.cluster.start(1);
      }
      if (inRestore) await sleep(700 + uniformInt(rng, 0, 2_000));
      else await detector.commits(goal - 1, 90_000);
      await sleep(delayMs);
      detector.lives();
      await detector.end('SIGKILL');
      errors.push(...detector.errors);
      if (kill === 7 && mode === 'whole') await dropGroupOffsets(`${prefix}drift-detector`);
    }
    await stage.feedPart(prefix, endOf(kills - 1), EVENTS);
    const last = stage.detector(prefix, mode);
    if (mode === 'whole') await last.finishes();
    else
      await until(
        async () => last.exited || (await stage.taken(prefix)) >= EVENTS,
        180_000,
        () => last.errors.join(''),
      );
    await last.end('SIGTERM');
    return [...errors, ...last.errors];
  }

  async function dropGroupOffsets(groupId: string): Promise<void> {
    const kafka = new Kafka({ brokers: [...stage.cluster.brokers], clientId: 'e2e-admin', logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    // The dead member leaves the group with its session.
    await until(
      async () => {
        try {
          await admin.deleteGroups([groupId]);
          return true;
        } catch {
          return false;
        }
      },
      20_000,
      () => `group ${groupId} was not deleted`,
    );
    await admin.disconnect();
  }

  test('the undisturbed run has something to get wrong, and the embedded log gives the same', async () => {
    const alerts = [...(calm['alerts/0'] ?? []), ...(calm['alerts/1'] ?? [])];
    expect(alerts.length).toBeGreaterThan(1_000);
    expect(calm['drift-detector.dlq/0']?.length).toBeGreaterThan(0);
    const embedded = createEmbeddedLog({ file: join(stage.folder, 'embedded.db') });
    await stage.feed('weir.', embedded);
    await runUndisturbed(embedded, 'weir.', EVENTS + introduction('weir.').length, 60_000);
    expect(await stage.outputs('weir.', embedded)).toEqual(calm);
    await embedded.close();
  });

  test(`${KILLS} SIGKILLs of the service, ${BROKER_RESTARTS} of the broker and deleted group offsets change nothing`, async () => {
    await stage.introduce('storm.');
    await storm('storm.', KILLS, 'whole');
    expect(await stage.difference('storm.', calm)).toBeUndefined();
  });

  test(`a service outlives its broker: ${OUTAGES_MS.map((ms) => ms / 1_000).join(', ')} s away, at any moment, and nothing changes`, async () => {
    await stage.introduce('outage.');
    const rng = seeded();
    const detector = stage.detector('outage.');
    for (const [round, downMs] of OUTAGES_MS.entries()) {
      const share = EVENTS / OUTAGES_MS.length;
      await stage.feedPart('outage.', round * share, (round + 1) * share);
      await detector.commits(round * share);
      await sleep(uniformInt(rng, 0, 400));
      await stage.cluster.kill(1);
      await sleep(downMs);
      await stage.cluster.start(1);
    }
    await detector.finishes();
    await detector.end('SIGTERM');
    expect(await stage.difference('outage.', calm)).toBeUndefined();
  });

  test('a zombie that wakes after its session cannot add to what its successor does', async () => {
    await stage.feed('zombie.');
    const zombie = stage.detector('zombie.');
    await zombie.commits(5_000);
    zombie.signal('SIGSTOP');
    const successor = stage.detector('zombie.');
    await successor.commits(5_000);
    zombie.signal('SIGCONT');
    await successor.finishes();
    await Promise.all([zombie.end('SIGTERM'), successor.end('SIGTERM')]);
    expect(await stage.difference('zombie.', calm)).toBeUndefined();
  });

  test('a build that writes its journal outside the transaction is caught', async () => {
    await stage.introduce('broken.');
    await storm('broken.', KILLS, 'broken');
    const found = await stage.outputs('broken.');
    expect(found).not.toEqual(calm);
    const ids = TOPICS.flatMap((topic) => [...(found[`${topic}/0`] ?? []), ...(found[`${topic}/1`] ?? [])]);
    // Some output came twice.
    expect(new Set(ids).size).toBeLessThan(ids.length);
  });
});
