/** What the service believes, as the trust file that it hands on: its own checkpoint keys, and the keys of authors and approvers. */
import { fromBase64 } from '@weir/ledger/bytes';
import { formatVkey, verifierKey } from '@weir/ledger/keys';
import { sha256 } from '@weir/ledger/node-crypto';
import { parseTrust, type Trust } from '@weir/ledger/trust';
import type { CheckpointKey } from './checkpoint-keys.ts';

/** Everything that decides which entries are leaves: recorded in the journal at each take-over. Public keys alone. */
export interface LogConfig {
  /** Names the log: its origin is `<deployment>/governance/<partition>`. */
  readonly deployment: string;
  readonly checkpointKeys: readonly CheckpointKey[];
  /** Lines `entry-key`, `approver-key`, and `log` with `log-sizes` for checkpoint keys of earlier times. */
  readonly keyLines: readonly string[];
  /** Lines `witness`, `group` and `quorum` of the policy; empty where no witness is needed. */
  readonly witnessLines: readonly string[];
  /** A checkpoint is due after so many new entries, and so long after the first of them, ms. */
  readonly checkpointEntries: number;
  readonly checkpointMs: number;
}

export function originOf({ deployment }: Pick<LogConfig, 'deployment'>, partition: number): string {
  return `${deployment}/governance/${partition}`;
}

/** Lines of C2SP tlog-policy and of packages/ledger. A key's name is its log's origin, so each partition has a file of its own. */
export function trustText(config: LogConfig, partition: number): string {
  const origin = originOf(config, partition);
  const own = config.checkpointKeys.map(({ kind, key }) => {
    const raw = fromBase64(key);
    if (raw === undefined) throw new Error('a recorded checkpoint key is not base64');
    return `log ${formatVkey(verifierKey(origin, kind, raw, sha256))}`;
  });
  const policy = config.witnessLines.length === 0 ? ['quorum none'] : config.witnessLines;
  return [...own, ...config.keyLines, ...policy, 'require ed25519', ''].join('\n');
}

/** @throws {TrustError} naming the line */
export function trustOf(config: LogConfig, partition: number): Trust {
  return parseTrust(trustText(config, partition), sha256);
}
