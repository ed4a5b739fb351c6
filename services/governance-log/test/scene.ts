/** Authors, keys and records for tests. The author of packages/ledger's own tests writes the entries. */
import { createPrivateKey } from 'node:crypto';
import type { NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { formatVkey } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { Author, entryKey, type NamedKey } from '../../../packages/ledger/test/author.ts';
import { type CheckpointKeys, checkpointKeys } from '../src/checkpoint-keys.ts';
import { LOG_DEFAULTS } from '../src/config.ts';
import { type LogConfig, originOf } from '../src/log-trust.ts';

export const NOW_MS: number = Date.parse('2026-11-24T00:00:00Z');
export const ENTRY_KEY: NamedKey = entryKey(7, 'weir/promotion');
export const KEY_LINES: readonly string[] = [`entry-key ${formatVkey(ENTRY_KEY.vkey)}`];

/** PKCS#8 with the seed of Ed25519 (RFC 8410). */
export function privateKey(seed: number): ReturnType<typeof createPrivateKey> {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

export const KEYS: CheckpointKeys = checkpointKeys([privateKey(9)]);
export const CONFIG: LogConfig = { ...LOG_DEFAULTS, checkpointKeys: KEYS.keys, keyLines: KEY_LINES };

export function newAuthor(): Author {
  return new Author(originOf(CONFIG, 0), ENTRY_KEY);
}

export function entryRecord(bytes: Uint8Array, change: { readonly seq?: number } = {}): NewRecord {
  const { model, seq, owner, kind } = decodeEntry(bytes, sha256);
  return record(encode('GovernanceEntry', { model, seq, owner, kind, entry: Buffer.from(bytes), ...change }), model);
}

export function record(value: Uint8Array | null, key: string): NewRecord {
  return { topic: 'governance-log', partition: 0, key: Buffer.from(key), value };
}
