/** What a restart finds: another configuration, another build, or a log that no longer holds what the state was made of. */
import type { LogError } from '@weir/event-log/errors';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import { replayPartition } from '@weir/service-kit/journal/replay';
import { Task } from '@weir/service-kit/task';
import { TASK_DEFAULTS } from '@weir/service-kit/task-contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDriftProcessor, type DriftProcessor } from '../src/processor.ts';
import { CONFIG, range, registration, Scene } from './scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = new Scene();
  await scene.newLog();
});

afterEach(() => scene.end());

const names = async (): Promise<readonly string[]> =>
  (await scene.alerts()).map(({ name, event }) => `${name} ${event.rule}`);
const replayed = () =>
  replayPartition({ log: scene.log, topicPrefix: 'weir.', partition: 0, processor: createDriftProcessor() });

describe.each([['with its checkpoint'], ['after a crash, without one']])('another configuration, %s', (how) => {
  const stop = async (): Promise<void> => {
    await scene.runner?.stop();
    if (how !== 'with its checkpoint') scene.forgetCheckpoints();
  };

  test('windows that stay go on, new ones begin empty, and the run replays byte for byte', async () => {
    await scene.start();
    await scene.send([...registration(), ...range(0, 500, 0)]);
    await scene.hasTaken(500);
    await stop();
    await scene.start({ config: { ...CONFIG, countWindows: [150, 200] } });
    expect(scene.failures).toEqual([]);
    // The window of 200 is full already and sees the shift first; that of 150 has to fill.
    await scene.send(range(500, 640, 0.6));
    await scene.hasTaken(640);
    expect(await names()).toEqual(['AlertRaised ks-200']);
    await scene.send(range(640, 800, 0.6));
    await scene.hasTaken(800);
    expect(await names()).toEqual(['AlertRaised ks-200', 'AlertRaised ks-150']);
    await scene.runner?.stop();
    expect(await replayed()).toMatchObject({ outputs: 2, difference: undefined, otherState: undefined });
  });

  test('an alert of a window that is gone resolves, and then the window is gone', async () => {
    await scene.start();
    await scene.send([...registration(), ...range(0, 500, 0), ...range(500, 700, 0.6)]);
    await scene.hasTaken(700);
    expect(await names()).toEqual(['AlertRaised ks-200']);
    await stop();
    await scene.start({ config: { ...CONFIG, countWindows: [300] } });
    const rules = async (): Promise<readonly string[]> => {
      const view = (await scene.views.get('drift-detector', 'drift/m')) ?? '{"verdicts":[]}';
      const { verdicts } = JSON.parse(view) as { readonly verdicts: readonly { readonly rule: string }[] };
      return verdicts.map(({ rule }) => rule).filter((rule) => rule.startsWith('ks-'));
    };
    await expect.poll(rules).toEqual(['ks-300', 'ks-200']);
    await scene.send(range(700, 1_500, 0));
    await scene.hasTaken(1_500);
    expect(await names()).toEqual(['AlertRaised ks-200', 'AlertResolved ks-200']);
    await expect.poll(rules).toEqual(['ks-300']);
    await scene.send(range(1_500, 1_900, 0.6));
    await scene.hasTaken(1_900);
    expect((await names()).slice(2)).toEqual(['AlertRaised ks-300']);
    await scene.runner?.stop();
    // A state that went through a checkpoint in between is the same state.
    await scene.start({ config: { ...CONFIG, countWindows: [300] } });
    expect(scene.failures).toEqual([]);
    expect(await replayed()).toMatchObject({ outputs: 3, difference: undefined, otherState: undefined });
  });
});

/** The same rules but for one thing: it never says anything of windows of 200. */
function otherBuild(build: string): DriftProcessor {
  const processor = createDriftProcessor();
  return {
    ...processor,
    build,
    kernel: (config) => {
      const kernel = processor.kernel(config);
      return {
        ...kernel,
        step: (state, run, context) =>
          kernel.step(state, run, {
            ...context,
            emit: () => {},
            reject: (index, rejection) => context.reject(index, rejection),
          }),
      };
    },
  };
}

test('another build that would have decided otherwise goes on, and says from where in the journal', async () => {
  await scene.start();
  await scene.send([...registration(), ...range(0, 500, 0), ...range(500, 700, 0.6)]);
  await scene.hasTaken(700);
  await scene.runner?.stop();
  scene.forgetCheckpoints();
  const at = (await scene.journal()).find(({ outputs }) => outputs > 0)?.seq;
  await scene.start({ processor: otherBuild('drift-detector/other') });
  expect(scene.failures).toEqual([]);
  expect(scene.restored?.divergence).toMatchObject({ seq: at, build: createDriftProcessor().build });
  await scene.send(range(700, 800, 0.6));
  await scene.hasTaken(800);
  const told = (await scene.journal()).filter(({ divergedSeq }) => divergedSeq !== null);
  expect(told.map(({ divergedSeq }) => divergedSeq)).toEqual([at]);
  expect(await names()).toEqual(['AlertRaised ks-200']);
});

test('stopped before its first entry, it leaves no checkpoint of what the journal was never told', async () => {
  await scene.send([...registration(), ...range(0, 100, 0)]);
  const checkpoints = createSqliteCheckpoints(scene.embedded.database);
  const task = new Task(
    0,
    createDriftProcessor(),
    { log: scene.log, checkpoints, views: scene.views, outputViews: () => [] },
    { ...TASK_DEFAULTS, topicPrefix: 'weir.', partitions: 1, config: CONFIG },
    { committed: () => {}, restored: () => task.stop() },
  );
  await task.run();
  expect((await scene.journal()).map(({ kind }) => kind)).toEqual(['takeover']);
  await scene.start();
  await scene.hasTaken(100);
  await scene.runner?.stop();
  expect(await replayed()).toMatchObject({ records: 102, difference: undefined, otherState: undefined });
});

test('the same build that decides otherwise stops: the log was changed, or the build is not what it says', async () => {
  await scene.start();
  await scene.send([...registration(), ...range(0, 500, 0), ...range(500, 700, 0.6)]);
  await scene.hasTaken(700);
  await scene.runner?.stop();
  scene.forgetCheckpoints();
  await scene.start({ processor: otherBuild(createDriftProcessor().build) });
  await expect.poll(() => scene.failures.length).toBe(1);
  expect((scene.failures[0] as LogError).message).toMatch(
    /journal entry \d+ gives 0 outputs .* where 1 were committed/,
  );
});

describe('a log that has dropped what the state was made of', () => {
  beforeEach(async () => {
    await scene.start();
    await scene.send([...registration(), ...range(0, 500, 0)]);
    await scene.hasTaken(500);
    await scene.runner?.stop();
    scene.forgetCheckpoints();
    // Predictions are kept for seven days, the journal for ever.
    scene.clockMs += 8 * 86_400_000;
    await scene.send(range(500, 600, 0.6));
  });

  test('is refused, with what is gone and the cure', async () => {
    await scene.start();
    await expect.poll(() => scene.failures.length).toBe(1);
    expect(scene.failures[0]).toMatchObject({
      code: 'GONE',
      message: expect.stringMatching(/records 0 to 499 of weir\.predictions\[0\] are gone .* WEIR_ON_DATA_LOSS=reset/),
    });
  });

  test('is taken up after the last commit when that was asked for: nothing twice, nothing left out, windows empty', async () => {
    await scene.start({ onDataLoss: 'reset' });
    expect(scene.failures).toEqual([]);
    expect(scene.restored).toMatchObject({ startsOver: true, records: 0 });
    await scene.hasTaken(600);
    expect(await names()).toEqual([]);
    await scene.send(range(600, 750, 0.6));
    await scene.hasTaken(750);
    expect(await names()).toEqual(['AlertRaised ks-200']);
    expect((await scene.journal()).filter(({ startsOver }) => startsOver)).toHaveLength(1);
    await scene.runner?.stop();
    // From there on the log is whole: the next restore begins at that entry, whether it may start over or not.
    scene.forgetCheckpoints();
    await scene.start();
    expect(scene.failures).toEqual([]);
    expect(scene.restored).toMatchObject({ startsOver: false });
    await scene.send(range(750, 1_200, 0));
    await scene.hasTaken(1_200);
    expect(await names()).toEqual(['AlertRaised ks-200', 'AlertResolved ks-200']);
  });
});
