import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrustError } from '@weir/ledger/trust';
import {
  isLoopback,
  loadServiceConfig,
  type ServiceConfig,
  type ServiceSettings,
} from '@weir/service-kit/config/common-settings';
import { ConfigError } from '@weir/service-kit/config/settings';
import { type CheckpointKeys, makeKeyFile, NO_KEYS, readCheckpointKeys } from './checkpoint-keys.ts';
import { type LogConfig, trustOf } from './log-trust.ts';

const OWN_SETTINGS = {
  WEIR_GOVERNANCE_DEPLOYMENT: {
    type: 'string',
    pattern: '[a-z0-9][a-z0-9.-]{0,99}',
    rule: 'lower-case letters, digits, dots and hyphens, at most 100',
    default: 'weir',
    reason: 'names the log: its origin is <deployment>/governance/<partition>; as WEIR_PROMOTION_DEPLOYMENT',
  },
  WEIR_GOVERNANCE_FOLDER: {
    type: 'string',
    default: '',
    unit: 'path',
    reason:
      'where bundles, tiles, checkpoints and the trust file of each partition are kept; empty: beside WEIR_LOG_FILE, with .governance after its name',
  },
  WEIR_GOVERNANCE_KEY_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a PEM file',
    reason:
      'private keys of checkpoints in PKCS#8: one Ed25519 key, and one ML-DSA-44 key where both kinds are wanted; src/init-key.ts makes one',
  },
  WEIR_GOVERNANCE_MAKE_KEY: {
    type: 'boolean',
    default: false,
    reason: 'make the key file when it is not there: for development; it lies beside WEIR_LOG_FILE unless it is named',
  },
  WEIR_GOVERNANCE_ENTRY_KEYS_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a text file',
    reason: 'lines of a trust file, entry-key and approver-key: whose entries are admitted',
  },
  WEIR_GOVERNANCE_WITNESSES_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a text file',
    reason:
      'lines of a policy, witness NAME VKEY URL, group and quorum (C2SP tlog-policy): who is asked to cosign checkpoints, and how many must; empty: nobody',
  },
  WEIR_GOVERNANCE_CHECKPOINT_ENTRIES: {
    type: 'integer',
    minimum: 1,
    maximum: 65_536,
    default: 256,
    unit: 'entries',
    reason: 'a checkpoint is signed after so many new entries',
  },
  WEIR_GOVERNANCE_CHECKPOINT_MS: {
    type: 'integer',
    minimum: 0,
    maximum: 3_600_000,
    default: 500,
    unit: 'ms',
    reason:
      'a checkpoint is signed so long after the first new entry, even when there are fewer: with 500 a proof is there within a second',
  },
} as const;

type OwnSettings = typeof OWN_SETTINGS;
export type GovernanceConfig = ServiceConfig<OwnSettings>;

/** Of the service: what `main` and `weir dev` load. */
export const SETTINGS: ServiceSettings<OwnSettings> = {
  settings: OWN_SETTINGS,
  prefixes: ['WEIR_GOVERNANCE_'],
  defaults: { WEIR_HTTP_PORT: 8_085 },
};

export function folderOf(config: GovernanceConfig): string {
  const { WEIR_GOVERNANCE_FOLDER: folder } = config;
  return folder === '' ? `${besideLog(config)}.governance` : folder;
}

/** On Kafka there is no file to lie beside: what a demonstration makes goes with the names of its topics. */
function besideLog({ WEIR_LOG, WEIR_LOG_FILE, WEIR_TOPIC_PREFIX }: GovernanceConfig): string {
  return WEIR_LOG === 'embedded' ? WEIR_LOG_FILE : join(tmpdir(), `${WEIR_TOPIC_PREFIX}kafka`);
}

/** @throws {ConfigError} when the key file cannot be used. Without one, keys that sign nothing: a replay needs no others. */
export function checkpointKeysOf(config: GovernanceConfig): CheckpointKeys {
  const { WEIR_GOVERNANCE_KEY_FILE: named, WEIR_GOVERNANCE_MAKE_KEY: makes } = config;
  const file = named === '' && makes ? `${besideLog(config)}.governance.pem` : named;
  if (file === '') return NO_KEYS;
  try {
    if (makes && !existsSync(file)) makeKeyFile(file);
  } catch (error) {
    throw new ConfigError([
      `WEIR_GOVERNANCE_KEY_FILE is ${JSON.stringify(file)}; it cannot be written: ${String(error)}`,
    ]);
  }
  return readCheckpointKeys(file);
}

/** @throws {ConfigError} naming the file, its line and the rule */
export function logConfigOf(config: GovernanceConfig, keyLines: readonly string[], keys: CheckpointKeys): LogConfig {
  const made: LogConfig = {
    deployment: config.WEIR_GOVERNANCE_DEPLOYMENT,
    checkpointKeys: keys.keys,
    keyLines,
    witnessLines: readWitnessLines(config.WEIR_GOVERNANCE_WITNESSES_FILE),
    checkpointEntries: config.WEIR_GOVERNANCE_CHECKPOINT_ENTRIES,
    checkpointMs: config.WEIR_GOVERNANCE_CHECKPOINT_MS,
  };
  if (keys.keys.length === 0) return made;
  try {
    trustOf(made, 0);
  } catch (error) {
    if (error instanceof TrustError)
      throw new ConfigError([
        `the trust file of the checkpoint keys, WEIR_GOVERNANCE_ENTRY_KEYS_FILE and WEIR_GOVERNANCE_WITNESSES_FILE, in this order: ${error.message}`,
      ]);
    throw error;
  }
  return made;
}

/** Also what an owner used whose record lacks a field. */
export const LOG_DEFAULTS: LogConfig = logConfigOf(loadServiceConfig(SETTINGS, {}), [], NO_KEYS);

const WITNESS_LINE = /^(witness|group|quorum)\s/;

/** @throws {ConfigError} naming the file, the line and the rule */
function readWitnessLines(file: string): readonly string[] {
  if (file === '') return [];
  const refuse = (fault: string): never => {
    throw new ConfigError([`WEIR_GOVERNANCE_WITNESSES_FILE is ${JSON.stringify(file)}; ${fault}`]);
  };
  const lines = linesOf(file, refuse);
  const strange = lines.find((line) => !WITNESS_LINE.test(line));
  if (strange !== undefined)
    refuse(
      `the line ${JSON.stringify(strange.slice(0, 60))} does not belong here: it may hold witness, group and quorum`,
    );
  const asked = lines.map((line) => /^witness\s+\S+\s+\S+\s+(\S+)$/.exec(line)?.[1]);
  for (const url of asked)
    if (url !== undefined && URL.parse(url)?.protocol === 'http:' && !isLoopback(new URL(url).hostname))
      refuse(`the witness ${url} is asked without TLS: write https`);
  if (asked.every((url) => url === undefined)) refuse('it has no line "witness NAME VKEY URL": nobody would be asked');
  return lines;
}

/** Lines that are neither empty nor comments. */
function linesOf(file: string, refuse: (fault: string) => never): readonly string[] {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    refuse(`it cannot be read (${String((error as NodeJS.ErrnoException).code)}): correct the path or its rights`);
  }
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

const LINE = /^(entry-key|approver-key|log|log-sizes)\s/;

/** Without a file nothing is admitted, so one is needed. @throws {ConfigError} */
export function readKeyLines(file: string): readonly string[] {
  const refuse = (fault: string): never => {
    throw new ConfigError([`WEIR_GOVERNANCE_ENTRY_KEYS_FILE is ${JSON.stringify(file)}; ${fault}`]);
  };
  if (file === '') refuse('name a file with a line "entry-key VKEY" for each service that writes entries');
  const lines = linesOf(file, refuse);
  const strange = lines.find((line) => !LINE.test(line));
  if (strange !== undefined)
    refuse(
      `the line ${JSON.stringify(strange.slice(0, 60))} does not belong here: it may hold entry-key, approver-key, log and log-sizes`,
    );
  if (!lines.some((line) => line.startsWith('entry-key')))
    refuse('it has no line "entry-key VKEY": no entry could be admitted');
  return lines;
}
