/** What a restart finds: other settings, another build, torn checkpoints, a state that differs, or a log that dropped what it was made of. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnyProcessor } from '../src/processor.ts';
import { all } from '../src/testing/all.ts';
import { COUNTER } from './counter.ts';
import { Stage } from './stage.ts';

const DAY_MS = 86_400_000;
let stage: Stage;

beforeEach(async () => {
  stage = new Stage();
  await stage.create();
});

afterEach(() => stage.end());

/** The counter with another kernel. */
function changed(build: string, change: (kernel: ReturnType<typeof COUNTER.kernel>) => object): AnyProcessor {
  return {
    ...COUNTER,
    build,
    kernel: (config: { every: number }) => {
      const kernel = COUNTER.kernel(config);
      return { ...kernel, ...change(kernel) };
    },
  };
}

/** Says nothing. */
const silent = (build: string): AnyProcessor =>
  changed(build, (kernel) => ({
    step: (...[state, run, context]: Parameters<typeof kernel.step>) =>
      kernel.step(state, run, Object.assign(Object.create(context) as typeof context, { emit: () => {} })),
  }));

test('another configuration goes on from the same counts, and the run replays byte for byte', async () => {
  await stage.start();
  await stage.count(50);
  await stage.stop();
  await stage.start({ config: { every: 3 } });
  await stage.count(20);
  expect((await stage.said()).map((text) => text.split(' ')[1])).toEqual([
    '10',
    '10',
    '20',
    '20',
    '27',
    '27',
    '30',
    '30',
    '33',
    '33',
  ]);
  await stage.stop();
  expect(await stage.replay()).toMatchObject({ outputs: 10, difference: undefined, otherState: undefined });
});

test('a torn checkpoint gives way to the one before it', async () => {
  await stage.start();
  await stage.count(30);
  await stage.stop();
  await stage.start();
  await stage.count(30);
  await stage.stop();
  stage.log.database.exec(
    "UPDATE checkpoint_key SET bytes = x'00' WHERE key = 'a' AND generation = (SELECT MAX(generation) FROM checkpoint)",
  );
  await stage.start();
  expect(stage.failures).toEqual([]);
  expect(stage.passedOver).toEqual([expect.stringContaining('the checkpoint of key "a" of weir.counter-0 is torn')]);
  expect(stage.restored).toMatchObject({ records: 30, startsOver: false, divergence: undefined });
  await stage.count(20);
  expect(await stage.said()).toHaveLength(8);
});

test('another build that decides otherwise goes on, and says from where in the journal', async () => {
  await stage.start();
  await stage.count(50);
  await stage.stop();
  stage.forgetCheckpoints();
  const at = (await stage.journal()).find(({ outputs }) => outputs > 0)?.seq;
  await stage.start({ processor: silent('counter/2') });
  expect(stage.failures).toEqual([]);
  expect(stage.restored?.divergence).toMatchObject({ seq: at, build: 'counter/1' });
  await stage.count(10);
  expect((await stage.journal()).flatMap(({ divergedSeq }) => divergedSeq ?? [])).toEqual([at]);
});

describe('a state that differs under the build that had committed it', () => {
  beforeEach(async () => {
    await stage.start();
    await stage.count(50);
    await stage.stop();
  });

  test('ends the service with the entry and the cure, when no checkpoint leads to what was committed', async () => {
    stage.forgetCheckpoints();
    await stage.start({ processor: silent('counter/1') });
    await expect.poll(() => stage.failures.length).toBe(1);
    expect(String(stage.failures[0])).toMatch(
      /journal entry \d+ gives 0 outputs .* where \d+ were committed .* WEIR_ON_DATA_LOSS=reset/,
    );
  });

  test('goes on with what the journal gives when told to, and says so in the journal', async () => {
    stage.forgetCheckpoints();
    await stage.start({ processor: silent('counter/1'), onDataLoss: 'reset' });
    expect(stage.failures).toEqual([]);
    expect(stage.restored?.divergence).toMatchObject({ build: 'counter/1' });
    await stage.count(10);
    expect((await stage.journal()).filter(({ divergedSeq }) => divergedSeq !== null)).toHaveLength(1);
    await stage.stop();
    await stage.start({ processor: silent('counter/1') });
    // From its own checkpoint on it agrees with itself.
    expect(stage.failures).toEqual([]);
  });

  test('starts from the checkpoint before it, when that one leads to what was committed', async () => {
    // What a kernel would leave that is no function of what was processed.
    await stage.start();
    await stage.count(10);
    await stage.stop();
    const generations = await stage.checkpoints.generations('weir.counter-0');
    const newest = generations.at(-1);
    const [wrong] = await all(stage.checkpoints.keys('weir.counter-0', generations[0]?.generation ?? 0n));
    await stage.checkpoints.save('weir.counter-0', newest as NonNullable<typeof newest>, [
      wrong as NonNullable<typeof wrong>,
    ]);
    await stage.start({ stateDigestEveryMs: 0 });
    await stage.count(10);
    // As a crash would leave it: no checkpoint of this process.
    const { generation } = (await stage.checkpoints.generations('weir.counter-0')).at(-1) as NonNullable<typeof newest>;
    expect(generation).toBe(newest?.generation);
    await stage.stop();
    stage.log.database.exec(`DELETE FROM checkpoint WHERE generation > ${newest?.generation}`);
    await stage.start();
    expect(stage.failures).toEqual([]);
  });

  test('replay names the entry', async () => {
    stage.forgetCheckpoints();
    const wrong = changed('counter/1', (kernel) => ({
      step: (...[state, run, context]: Parameters<typeof kernel.step>) => {
        kernel.step(state, run, context);
        state.sum += 0.5;
      },
    }));
    const { replayPartition } = await import('../src/journal/replay.ts');
    const report = await replayPartition({ log: stage.log, topicPrefix: 'weir.', partition: 0, processor: wrong });
    expect(report.otherState ?? report.difference).toMatchObject({ entry: expect.any(Number) as number });
  });
});

describe('a log that has dropped what the state was made of', () => {
  beforeEach(async () => {
    await stage.start();
    await stage.count(50);
    await stage.stop();
    stage.forgetCheckpoints();
    // Predictions are kept for seven days, the journal for ever.
    stage.clockMs += 8 * DAY_MS;
  });

  test('is refused, with what is gone and the cure', async () => {
    const producer = await stage.log.producer();
    await producer.send([{ topic: 'weir.predictions', partition: 0, key: null, value: Buffer.from('x') }]);
    await stage.start();
    await expect.poll(() => stage.failures.length).toBe(1);
    expect(stage.failures[0]).toMatchObject({
      code: 'GONE',
      message: expect.stringMatching(
        /records 0 to 49 of weir\.predictions\[0\] are gone .* WEIR_ON_DATA_LOSS=reset/,
      ) as string,
    });
  });

  test('is taken up after the last commit when that was asked for: nothing twice, nothing left out, counts empty', async () => {
    const producer = await stage.log.producer();
    await producer.send([{ topic: 'weir.predictions', partition: 0, key: null, value: Buffer.from('x') }]);
    await stage.start({ onDataLoss: 'reset' });
    expect(stage.failures).toEqual([]);
    expect(stage.restored).toMatchObject({ startsOver: true, records: 0 });
    await stage.count(18);
    expect(await stage.said()).toHaveLength(4);
    await stage.count(2);
    expect(await stage.said()).toHaveLength(6);
    expect((await stage.journal()).filter(({ startsOver }) => startsOver)).toHaveLength(1);
    await stage.stop();
    // From there on the log is whole: the next restore begins at that entry, whether it may reset or not.
    stage.forgetCheckpoints();
    await stage.start();
    expect(stage.failures).toEqual([]);
    expect(stage.restored).toMatchObject({ startsOver: false });
  });
});

test('a replay begins at an anchor of yesterday when the records before it are gone, and compares byte for byte', async () => {
  for (let day = 0; day < 10; day += 1) {
    await stage.start();
    await stage.count(30);
    await stage.stop();
    stage.clockMs += DAY_MS;
  }
  const report = await stage.replay();
  expect(report).toMatchObject({ difference: undefined, otherState: undefined });
  expect(report.anchorMs).toBeDefined();
  expect(report.records).toBeGreaterThan(100);
  expect(report.records).toBeLessThan(250);
  const yesterday = await stage.replay({ fromMs: stage.clockMs - 1.5 * DAY_MS });
  expect(yesterday).toMatchObject({ records: 30, difference: undefined });
});

test('only keys that changed are written, and old generations go', async () => {
  await stage.start({ checkpointEveryRecords: 10 });
  for (let round = 0; round < 30; round += 1) await stage.count(10);
  const { generations, records } = stage.log.database
    .prepare(
      'SELECT (SELECT COUNT(*) FROM checkpoint) AS generations, (SELECT COUNT(*) FROM checkpoint_key) AS records',
    )
    .get() as { readonly generations: number; readonly records: number };
  expect(generations).toBeLessThan(15);
  expect(records).toBeLessThan(40);
  await stage.stop();
  await stage.start();
  expect(stage.failures).toEqual([]);
  expect(stage.restored?.records).toBe(0);
});
