/** Groups: whose a partition is, and nothing else. */
import { expect } from 'vitest';
import type { Assignment, Group } from '../port.ts';
import { byText, type ContractTest, numbered, type Stage, take, textOf, WAIT_MS } from './stage.ts';

export const GROUPS: readonly ContractTest[] = [
  {
    title: 'ConsumerGroups: members share the partitions alike over topics, and a leaver’s go to the others',
    body: async (stage) => {
      const other = `${stage.topic}-other`;
      await stage.createTopic(other);
      const watch = new Watch(stage, [stage.topic, other]);
      const a = await watch.join('a');
      await expect.poll(() => watch.last('a'), { timeout: WAIT_MS }).toEqual([0, 1]);
      const b = await watch.join('b');
      await expect.poll(() => [watch.last('a').length, watch.last('b').length], { timeout: WAIT_MS }).toEqual([1, 1]);
      expect([...watch.last('a'), ...watch.last('b')].sort(byText)).toEqual([0, 1]);
      await a.leave();
      await expect.poll(() => watch.last('b'), { timeout: WAIT_MS }).toEqual([0, 1]);
      await b.leave();
      expect(watch.faults).toEqual([]);
    },
  },
  {
    title: 'members that come and go at once: no partition has two owners in a generation, and in the end each has one',
    body: async (stage) => {
      const wide = `${stage.topic}-wide`;
      await stage.createTopic(wide, 5);
      const watch = new Watch(stage, [wide]);
      const [a, b, c] = await Promise.all([watch.join('a'), watch.join('b'), watch.join('c')]);
      const [, d] = await Promise.all([a?.leave(), watch.join('d')]);
      const shares = () => ['b', 'c', 'd'].map((member) => watch.last(member).length).sort(byText);
      await expect.poll(shares, { timeout: WAIT_MS }).toEqual([1, 2, 2]);
      expect(['b', 'c', 'd'].flatMap((member) => watch.last(member)).sort(byText)).toEqual([0, 1, 2, 3, 4]);
      await Promise.all([b?.leave(), c?.leave()]);
      await expect.poll(() => watch.last('d'), { timeout: WAIT_MS }).toEqual([0, 1, 2, 3, 4]);
      await d?.leave();
      expect(watch.faults).toEqual([]);
    },
  },
  {
    title: 'each member is told where the owner of every partition answers, as far as owners have said so',
    body: async (stage) => {
      const watch = new Watch(stage, [stage.topic]);
      const a = await watch.join('a', 'http://a:1');
      await expect.poll(() => watch.addresses('a'), { timeout: WAIT_MS }).toEqual(['http://a:1', 'http://a:1']);
      const b = await watch.join('b', 'http://b:2');
      await expect.poll(() => [watch.last('a').length, watch.last('b').length], { timeout: WAIT_MS }).toEqual([1, 1]);
      const shared = [0, 1].map((partition) => (watch.last('a')[0] === partition ? 'http://a:1' : 'http://b:2'));
      expect(watch.addresses('a')).toEqual(shared);
      expect(watch.addresses('b')).toEqual(shared);
      await b.leave();
      await expect.poll(() => watch.addresses('a'), { timeout: WAIT_MS }).toEqual(['http://a:1', 'http://a:1']);
      const c = await watch.join('c');
      await expect.poll(() => [watch.last('a').length, watch.last('c').length], { timeout: WAIT_MS }).toEqual([1, 1]);
      const unnamed = watch.last('c')[0] as number;
      expect(watch.addresses('c')[unnamed]).toBeUndefined();
      expect(watch.addresses('c')[1 - unnamed]).toBe('http://a:1');
      await c.leave();
      await a.leave();
      expect(watch.faults).toEqual([]);
    },
  },
  {
    title: 'a position taken up on assignment: the next owner reads on where the last one stopped, within a batch too',
    body: async (stage) => {
      const values = numbered(12);
      await stage.write(...values.map((value) => stage.record(value)));
      // As a journal would have it; what the group was told is never asked.
      let position = 0n;
      const found: string[] = [];
      const own = async (count: number): Promise<void> => {
        const { promise, resolve } = Promise.withResolvers<readonly number[]>();
        const group = await stage.log.joinGroup({
          groupId: stage.topic,
          topics: [stage.topic],
          onAssignment: async ({ partitions }) => resolve(partitions),
        });
        expect(await promise).toEqual([0, 1]);
        await group.commitOffsets([{ topic: stage.topic, partition: 0, offset: 1n }]);
        const reader = await stage.log.reader();
        const taken = (await take(await reader.open({ topic: stage.topic, partition: 0 }, position), count)).slice(
          0,
          count,
        );
        found.push(...taken.map(textOf));
        position = (taken.at(-1)?.offset ?? -1n) + 1n;
        await reader.close();
        await group.leave();
      };
      for (const count of [5, 1, 6]) await own(count);
      expect(found).toEqual(values);
    },
  },
  {
    title: 'a slow handler keeps its membership, and assignments come one at a time',
    body: async (stage) => {
      const watch = new Watch(stage, [stage.topic], 2_500);
      const a = await watch.join('a');
      const b = await watch.join('b');
      await expect.poll(() => [watch.last('a').length, watch.last('b').length], { timeout: WAIT_MS }).toEqual([1, 1]);
      await b.leave();
      await a.leave();
      expect(watch.faults).toEqual([]);
    },
  },
  {
    title: 'a group over topics of different partition counts is refused with the counts',
    body: async (stage) => {
      const other = `${stage.topic}-other`;
      await stage.createTopic(other, 3);
      await expect(
        stage.log.joinGroup({ groupId: stage.topic, topics: [stage.topic, other], onAssignment: async () => {} }),
      ).rejects.toMatchObject({ code: 'FATAL', message: expect.stringMatching(/: 2, .*: 3/) });
    },
  },
  {
    title: 'offsets committed for lag tools say whether they were taken',
    body: async (stage) => {
      const group = await stage.log.joinGroup({
        groupId: stage.topic,
        topics: [stage.topic],
        onAssignment: async () => {},
      });
      expect(await group.commitOffsets([{ topic: stage.topic, partition: 0, offset: 0n }])).toBe(true);
      await group.leave();
    },
  },
];

/** What members of one group were told. */
class Watch {
  readonly #stage: Stage;
  readonly #topics: readonly string[];
  readonly #handlerMs: number;
  readonly #told = new Map<string, Assignment[]>();
  readonly #faults: string[] = [];

  constructor(stage: Stage, topics: readonly string[], handlerMs = 10) {
    this.#stage = stage;
    this.#topics = topics;
    this.#handlerMs = handlerMs;
  }

  async join(member: string, address?: string): Promise<Group> {
    let isRunning = false;
    return this.#stage.log.joinGroup({
      groupId: this.#stage.topic,
      topics: this.#topics,
      ...(address === undefined ? {} : { address }),
      onAssignment: async (assignment) => {
        if (isRunning)
          this.#faults.push(`${member} was told of generation ${assignment.generation} while handling another`);
        isRunning = true;
        await new Promise((resolve) => setTimeout(resolve, this.#handlerMs));
        isRunning = false;
        this.#told.set(member, [...(this.#told.get(member) ?? []), assignment]);
      },
      onLost: () => void this.#faults.push(`${member} lost its membership`),
    });
  }

  last(member: string): readonly number[] {
    return this.#told.get(member)?.at(-1)?.partitions ?? [];
  }

  /** Of partition 0 and 1, as the member was told last. */
  addresses(member: string): readonly (string | undefined)[] {
    const addresses = this.#told.get(member)?.at(-1)?.addresses;
    return [0, 1].map((partition) => addresses?.get(partition));
  }

  /** What breaks the rules: handlers that overlap, generations that repeat or go back, a partition with two owners in one. */
  get faults(): readonly string[] {
    const faults = [...this.#faults];
    const owners = new Map<string, string>();
    for (const [member, told] of this.#told) {
      for (const [index, { partitions, generation }] of told.entries()) {
        if (generation <= (told[index - 1]?.generation ?? 0)) faults.push(`${member}: ${generation} came too late`);
        for (const partition of partitions) {
          const place = `partition ${partition} in generation ${generation}`;
          const owner = owners.get(place);
          if (owner !== undefined) faults.push(`${place} is with ${owner} and ${member}`);
          owners.set(place, member);
        }
      }
    }
    return faults;
  }
}
