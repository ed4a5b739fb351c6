/** Snapshots in Redis, fenced by (epoch, journal position): a zombie cannot overwrite what its successor saved. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { SnapshotStore } from './snapshot-store.ts';

/** Compare and set in one step. Offsets stay below 2⁵³, where Lua's numbers are exact. */
const SAVE = `
local epoch, next = redis.call('HGET', KEYS[1], 'epoch'), redis.call('HGET', KEYS[1], 'next')
if epoch and (tonumber(epoch) > tonumber(ARGV[1]) or (tonumber(epoch) == tonumber(ARGV[1]) and tonumber(next) > tonumber(ARGV[2]))) then
  return 0
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'next', ARGV[2], 'version', ARGV[3], 'sha256', ARGV[4], 'bytes', ARGV[5])
return 1`;

export function createRedisSnapshots(redis: Redis): SnapshotStore {
  const keyOf = (task: string): string => `${task}:snapshot`;
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return {
    load: async (task) => {
      const [epoch, next, version, digest, bytes] = await redis.hmgetBuffer(
        keyOf(task),
        'epoch',
        'next',
        'version',
        'sha256',
        'bytes',
      );
      if (!epoch || !next || !version || !digest || !bytes || sha256(bytes) !== digest.toString()) return undefined;
      return {
        epoch: BigInt(epoch.toString()),
        journalNext: BigInt(next.toString()),
        stateVersion: Number(version.toString()),
        bytes,
      };
    },
    save: async (task, { epoch, journalNext, stateVersion, bytes }) => {
      const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const saved = await redis.eval(
        SAVE,
        1,
        keyOf(task),
        String(epoch),
        String(journalNext),
        String(stateVersion),
        sha256(bytes),
        content,
      );
      return saved === 1 ? 'saved' : 'stale';
    },
  };
}
