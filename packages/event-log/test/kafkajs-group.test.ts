import { AssignerProtocol } from 'kafkajs';
import { expect, test } from 'vitest';
import type { LogError } from '../src/errors.ts';
import { Failures } from '../src/kafkajs/errors.ts';
import { joinGroup } from '../src/kafkajs/group.ts';
import type { ClusterClient } from '../src/kafkajs/internals.ts';

test('a membership that cannot be rebuilt is lost, and its owner is told why', async () => {
  let joins = 0;
  const failing = (type: string): Error => Object.assign(new Error(type), { type });
  const coordinator = {
    joinGroup: async () => {
      joins += 1;
      if (joins > 1) throw failing('GROUP_AUTHORIZATION_FAILED');
      return { generationId: 1, leaderId: 'other', memberId: 'm', members: [] };
    },
    syncGroup: async () => ({
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: { t: [0, 1] },
        userData: Buffer.alloc(0),
      }),
    }),
    heartbeat: async () => {
      throw failing('UNKNOWN_MEMBER_ID');
    },
    leaveGroup: async () => {},
  };
  const cluster = {
    connect: async () => {},
    disconnect: async () => {},
    refreshMetadata: async () => {},
    addMultipleTargetTopics: async () => {},
    findGroupCoordinator: async () => coordinator,
  } as unknown as ClusterClient;
  const told: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<LogError>();
  const group = await joinGroup(
    cluster,
    {
      groupId: 'g',
      topics: ['t'],
      onAssignment: async ({ partitions }) => void told.push(partitions),
      onLost: () => void told.push('lost'),
      onFailed: resolve,
    },
    2,
    { sessionTimeoutMs: 1_000, heartbeatMs: 5, rebalanceTimeoutMs: 2_000, failures: new Failures() },
  );
  expect(await promise).toMatchObject({ code: 'FATAL', message: expect.stringContaining('joining group g') });
  expect(told).toEqual([[0, 1], 'lost']);
  await group.leave();
});
