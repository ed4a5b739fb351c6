import { afterEach, beforeEach, expect, test } from 'vitest';
import { EXPECTED, toldOfBadRecords } from './bad-records.ts';
import { range, registration, Scene } from './scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = new Scene();
  await scene.newLog();
});

afterEach(() => scene.end());

test('a shifted feature raises one alert on the topic and in the views, and resolves when it is back', async () => {
  await scene.start();
  await scene.send([...registration(), ...range(0, 1_000, 0)]);
  await scene.hasTaken(1_000);
  expect(await scene.alerts()).toEqual([]);
  await scene.send(range(1_000, 2_000, 0.4));
  await expect.poll(async () => (await scene.alerts()).length).toBe(1);
  const [raised] = await scene.alerts();
  expect(raised).toMatchObject({
    name: 'AlertRaised',
    event: {
      model: 'm',
      column: 'x',
      rule: 'ks-200',
      window: { size: 200 },
      drift: { direction: 1, referenceSize: 1_000 },
    },
  });
  await expect.poll(() => scene.views.list('drift-detector', { prefix: 'alert/', limit: 10 })).toHaveLength(1);
  await scene.send(range(2_000, 4_000, 0));
  await expect
    .poll(async () => (await scene.alerts()).map(({ name }) => name))
    .toEqual(['AlertRaised', 'AlertResolved']);
});

test('stopped and started at any point, with and without its checkpoints, it gives the bytes of an undisturbed run', async () => {
  const parts = [[...registration(), ...range(0, 900, 0)], range(900, 1_337, 0.3), range(1_337, 2_500, 0)];
  const bytes = async (): Promise<readonly string[]> =>
    (await scene.read('alerts')).map(({ value }) => Buffer.from(value as Uint8Array).toString('hex'));
  await scene.start({ sliceRecords: 97 });
  await scene.send(parts.flat());
  await scene.hasTaken(2_500);
  const whole = await bytes();
  expect(whole).toHaveLength(2);

  await scene.newLog();
  let sent = 0;
  for (const [index, part] of parts.entries()) {
    await scene.start({ sliceRecords: 50 + index });
    await scene.send(part);
    sent += part.length;
    await scene.hasTaken(sent - registration().length);
    await scene.runner?.stop();
    if (index === 1) scene.forgetCheckpoints();
  }
  expect(await bytes()).toEqual(whole);
});

test('each bad record is in the dead-letter topic once with its reason, and the stream goes on', async () => {
  expect(await toldOfBadRecords(scene)).toEqual(EXPECTED);
});
