/** Topics are led by different brokers: what was written first may arrive last. */
import type { EventLog, PartitionStream } from '@weir/event-log/port';
import { referenceSetOf, registrationOf } from '@weir/testkit/events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { prediction, range, record, registration, Scene } from './scene.ts';

let scene: Scene;
let late: LateTopic;

/** A topic whose broker gives nothing until it is told to, and so long says what it said last: that there is nothing more. */
class LateTopic {
  readonly #topic: string;
  #gate = Promise.withResolvers<void>();
  #isOpen = false;
  asked = 0;

  constructor(topic: string) {
    this.#topic = topic;
  }

  hold(): void {
    this.#isOpen = false;
    this.#gate = Promise.withResolvers<void>();
  }

  release(): void {
    this.#isOpen = true;
    this.#gate.resolve();
  }

  over(log: EventLog): EventLog {
    return {
      features: log.features,
      producer: (options) => log.producer(options),
      joinGroup: (options) => log.joinGroup(options),
      admin: () => log.admin(),
      ping: (timeoutMs) => log.ping(timeoutMs),
      close: () => log.close(),
      reader: async () => {
        const reader = await log.reader();
        return {
          open: async (tp, from) => {
            const stream = await reader.open(tp, from);
            return tp.topic.endsWith(this.#topic) ? this.#late(stream) : stream;
          },
          close: () => reader.close(),
        };
      },
    };
  }

  #late(stream: PartitionStream): PartitionStream {
    const isOpen = (): boolean => this.#isOpen;
    return {
      topic: stream.topic,
      partition: stream.partition,
      get position() {
        return stream.position;
      },
      get lag() {
        return isOpen() ? stream.lag : 0n;
      },
      next: async (maxWaitMs) => {
        const batch = await stream.next(maxWaitMs);
        await this.#gate.promise;
        return batch;
      },
      end: () => {
        this.asked += 1;
        return stream.end();
      },
      close: () => {
        this.#gate.resolve();
        stream.close();
      },
    };
  }
}

const reasons = async (): Promise<readonly string[]> =>
  (await scene.read('drift-detector.dlq')).map(({ headers }) =>
    String(headers.find(([name]) => name === '__streams.errors.exception')?.[1]),
  );
const silence = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));

beforeEach(async () => {
  scene = new Scene();
  await scene.newLog();
  late = new LateTopic('models');
  scene.log = late.over(scene.log);
});

afterEach(() => scene.end());

test('a model, its reference and its predictions, of which the model arrives last: nothing is refused', async () => {
  await scene.start();
  await scene.send([...registration(), ...range(0, 500, 0), ...range(500, 700, 0.6)]);
  await silence();
  expect(await reasons()).toEqual([]);
  late.release();
  await scene.hasTaken(700);
  expect(await reasons()).toEqual([]);
  expect(await scene.alerts()).toHaveLength(1);
});

test('a new version that arrives after its first predictions', async () => {
  late.release();
  await scene.start();
  await scene.send([...registration(), ...range(0, 100, 0)]);
  await scene.hasTaken(100);
  late.hold();
  await scene.send([record('models', registrationOf(['x'], { model: 'm', version: '2', id: 'r3' }))]);
  await scene.send([prediction(100, 0), prediction(101, 0, { version: '2' })]);
  await silence();
  late.release();
  await scene.hasTaken(102);
  expect(await reasons()).toEqual([]);
});

test('what nobody ever announces is looked for once, then refused at once', async () => {
  late.release();
  await scene.start();
  await scene.send([...registration(), ...range(0, 10, 0)]);
  await scene.hasTaken(10);
  expect(late.asked).toBe(0);
  for (let index = 10; index < 13; index += 1) {
    await scene.send([prediction(index, 0, { model: 'stranger' })]);
    await scene.hasTaken(index + 1);
  }
  expect(late.asked).toBe(1);
  await scene.send([
    record('references', referenceSetOf({ model: 'another', column: 'x', values: [1, 2], counts: [1, 1] })),
  ]);
  await vi.waitUntil(async () => (await reasons()).length === 4);
  expect(late.asked).toBe(2);
  expect(await reasons()).toEqual(Array.from({ length: 4 }, () => 'UNKNOWN_MODEL'));
});
