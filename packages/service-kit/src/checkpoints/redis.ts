/** Checkpoints in Redis: a hash of heads by generation and a hash of key records. A late owner of an older position is refused by the head. */
import type { Redis } from 'ioredis';
import {
  type CheckpointHead,
  type CheckpointStore,
  decodeHead,
  encodeHead,
  type KeyRecord,
  sha256,
  TornCheckpoint,
} from './store.ts';

/** Compare and set in one step. Offsets stay below 2⁵³, where Lua's numbers are exact. */
const SAVE_HEAD = `
for _, generation in ipairs(redis.call('HKEYS', KEYS[1])) do
  if tonumber(generation) > tonumber(ARGV[1]) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`;

/** Fields that one command reads or writes. */
const CHUNK = 500;
const DIGEST_BYTES = 32;

/** generation, then the key: a generation holds no colon. */
function fieldOf(generation: bigint, key: string): string {
  return `${generation}:${key}`;
}

function placeOf(field: string): { readonly generation: bigint; readonly key: string } {
  const at = field.indexOf(':');
  return { generation: BigInt(field.slice(0, at)), key: field.slice(at + 1) };
}

/** version, digest, bytes; a forgotten key has neither digest nor bytes. */
function encodeRecord({ stateVersion, bytes }: KeyRecord): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt32BE(stateVersion);
  return bytes === null ? version : Buffer.concat([version, sha256(bytes), bytes]);
}

function decodeRecord(task: string, key: string, value: Buffer): KeyRecord {
  const stateVersion = value.readUInt32BE(0);
  if (value.length === 4) return { key, stateVersion, bytes: null };
  const bytes = value.subarray(4 + DIGEST_BYTES);
  if (!sha256(bytes).equals(value.subarray(4, 4 + DIGEST_BYTES))) throw new TornCheckpoint(task, key);
  return { key, stateVersion, bytes };
}

export function createRedisCheckpoints(redis: Redis): CheckpointStore {
  const heads = (task: string): string => `${task}:checkpoints`;
  const records = (task: string): string => `${task}:checkpoint-keys`;
  const fields = async (task: string): Promise<string[]> => await redis.hkeys(records(task));
  const generations = async (task: string): Promise<CheckpointHead[]> =>
    Object.values(await redis.hgetall(heads(task)))
      .flatMap((value) => decodeSigned(value))
      .sort((a, b) => (a.generation < b.generation ? -1 : 1));
  return {
    generations,
    async *keys(task, generation) {
      const newest = newestFields(await fields(task), generation);
      for (let from = 0; from < newest.length; from += CHUNK) {
        const chunk = newest.slice(from, from + CHUNK);
        const values = await redis.hmgetBuffer(records(task), ...chunk);
        for (const [index, value] of values.entries()) {
          const { key } = placeOf(chunk[index] as string);
          if (value === null) throw new TornCheckpoint(task, key);
          const record = decodeRecord(task, key, value);
          if (record.bytes !== null) yield record;
        }
      }
    },
    save: async (task, head, changed) => {
      if ((await generations(task)).some(({ generation }) => generation > head.generation)) return 'stale';
      for (let from = 0; from < changed.length; from += CHUNK) {
        const pairs = changed
          .slice(from, from + CHUNK)
          .flatMap((record): [string, Buffer] => [fieldOf(head.generation, record.key), encodeRecord(record)]);
        await redis.hset(records(task), ...pairs);
      }
      const json = encodeHead(head);
      const saved = await redis.eval(SAVE_HEAD, 1, heads(task), String(head.generation), encodeSigned(json));
      return saved === 1 ? 'saved' : 'stale';
    },
    prune: async (task, keep) => {
      const kept = new Set(keep.map(String));
      const goneHeads = (await redis.hkeys(heads(task))).filter((generation) => !kept.has(generation));
      if (goneHeads.length > 0) await redis.hdel(heads(task), ...goneHeads);
      const all = await fields(task);
      const needed = new Set(keep.flatMap((generation) => newestFields(all, generation)));
      const goneRecords = all.filter((field) => !needed.has(field));
      for (let from = 0; from < goneRecords.length; from += CHUNK)
        await redis.hdel(records(task), ...goneRecords.slice(from, from + CHUNK));
    },
    wholeSnapshot: (task) => wholeSnapshot(redis, task),
  };
}

/** Undefined when there is none, or a torn one. */
async function wholeSnapshot(redis: Redis, task: string): ReturnType<CheckpointStore['wholeSnapshot']> {
  const fields = ['next', 'version', 'sha256', 'bytes'];
  const [next, version, digest, bytes] = await redis.hmgetBuffer(`${task}:snapshot`, ...fields);
  if (!next || !version || !digest || !bytes || sha256(bytes).toString('hex') !== digest.toString()) return undefined;
  return { journalNext: BigInt(next.toString()), stateVersion: Number(version.toString()), bytes };
}

/** Of each key the newest record at or below `generation`. */
function newestFields(fields: readonly string[], generation: bigint): string[] {
  const newest = new Map<string, bigint>();
  for (const field of fields) {
    const { generation: of, key } = placeOf(field);
    if (of <= generation && of >= (newest.get(key) ?? 0n)) newest.set(key, of);
  }
  return [...newest].map(([key, of]) => fieldOf(of, key));
}

function encodeSigned(json: string): string {
  return `${sha256(Buffer.from(json)).toString('hex')} ${json}`;
}

function decodeSigned(value: string): CheckpointHead[] {
  const json = value.slice(65);
  return sha256(Buffer.from(json)).toString('hex') === value.slice(0, 64) ? [decodeHead(json)] : [];
}
