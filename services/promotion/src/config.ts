import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadServiceConfig, type ServiceConfig, type ServiceSettings } from '@weir/service-kit/config/common-settings';
import type { KernelConfig } from './decision-log.ts';
import { readOrMakeSigners, readSigners, type Signer, UNSIGNED } from './signer.ts';

const OWN_SETTINGS = {
  WEIR_PROMOTION_DEPLOYMENT: {
    type: 'string',
    pattern: '[a-z0-9][a-z0-9.-]{0,99}',
    rule: 'lower-case letters, digits, dots and hyphens, at most 100',
    default: 'weir',
    reason:
      'names the governance log: its origin is <deployment>/governance/<partition>, and entries cannot be moved to another',
  },
  WEIR_PROMOTION_KEY_FILE: {
    type: 'string',
    default: '',
    unit: 'path of a PEM file',
    reason: 'Ed25519 private keys in PKCS#8; the first signs entries and splits; empty: they are not signed',
  },
  WEIR_PROMOTION_MAKE_KEY: {
    type: 'boolean',
    default: false,
    reason:
      'make the key file when it is not there: for development; unless it is named it lies beside WEIR_LOG_FILE, on Kafka in the folder for temporary files',
  },
  WEIR_PROMOTION_APPROVERS: {
    type: 'list',
    items: { type: 'string', pattern: '[^+\\s]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+', rule: 'a key as NAME+HASH+BASE64' },
    default: [],
    unit: 'vkeys of C2SP signed-note, comma between',
    reason:
      'keys that people sign approvals with, those of the trust file; an approval with another signature is refused',
  },
  WEIR_PROMOTION_LEASE_MS: {
    type: 'integer',
    minimum: 1_000,
    maximum: 3_600_000,
    default: 30_000,
    unit: 'ms',
    reason: 'a split holds for so long from its receipt; then clients serve the champion only',
  },
  WEIR_PROMOTION_LATENESS_MS: {
    type: 'integer',
    minimum: 0,
    maximum: 86_400_000,
    default: 60_000,
    unit: 'ms of event time',
    reason: 'how far behind the newest event of its topic another may come and still count',
  },
  WEIR_PROMOTION_IDLE_MS: {
    type: 'integer',
    minimum: 1_000,
    default: 60_000,
    unit: 'ms',
    reason: 'predictions or outcomes that stay away for this long are no longer waited for',
  },
  WEIR_PROMOTION_MAX_OPEN: {
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    default: 1_000_000,
    unit: 'predictions of one model',
    reason: 'so many may wait for outcomes, about 80 bytes each; more go to the dead letters',
  },
  WEIR_PROMOTION_DESTINATIONS: {
    type: 'list',
    items: { type: 'string', pattern: 'https?://\\S+', rule: 'a URL' },
    default: [],
    unit: 'URLs, comma between',
    reason: 'what actuators may call: a target must begin with one of these',
  },
  WEIR_PROMOTION_WEBHOOK_SECRET: {
    type: 'string',
    pattern: '\\S{16,1000}',
    rule: '16 to 1,000 characters without a space',
    default: '',
    reason: 'key of the HMAC-SHA256 in the header of each webhook; needed before one is called',
    secret: true,
  },
} as const;

type OwnSettings = typeof OWN_SETTINGS;
export type PromotionConfig = ServiceConfig<OwnSettings>;

/** Of the service: what `main` and `weir dev` load. */
export const SETTINGS: ServiceSettings<OwnSettings> = {
  settings: OWN_SETTINGS,
  prefixes: ['WEIR_PROMOTION_'],
  defaults: { WEIR_HTTP_PORT: 8_084 },
};

/** @throws {ConfigError} when the key file cannot be used */
export function signersOf(config: PromotionConfig): readonly Signer[] {
  const file = keyFileOf(config);
  if (file === '') return [UNSIGNED];
  const name = keyNameOf(config.WEIR_PROMOTION_DEPLOYMENT);
  return config.WEIR_PROMOTION_MAKE_KEY ? readOrMakeSigners(file, name) : readSigners(file, name);
}

function keyFileOf(config: PromotionConfig): string {
  const { WEIR_PROMOTION_KEY_FILE: named, WEIR_PROMOTION_MAKE_KEY: makes, WEIR_LOG, WEIR_LOG_FILE } = config;
  if (named !== '') return resolve(named);
  if (!makes) return '';
  // Beside the log it is there when the log is replayed; on Kafka it goes with the names of the topics, as the governance log's.
  const beside = WEIR_LOG === 'embedded' ? WEIR_LOG_FILE : join(tmpdir(), `${config.WEIR_TOPIC_PREFIX}kafka`);
  return resolve(`${beside}.promotion.pem`);
}

export function keyNameOf(deployment: string): string {
  return `${deployment}/promotion`;
}

export function kernelConfigOf(config: PromotionConfig, [signer = UNSIGNED]: readonly Signer[]): KernelConfig {
  return {
    deployment: config.WEIR_PROMOTION_DEPLOYMENT,
    keyId: signer.keyId,
    keyFile: keyFileOf(config),
    leaseMs: config.WEIR_PROMOTION_LEASE_MS,
    allowedLatenessMs: config.WEIR_PROMOTION_LATENESS_MS,
    idleAfterMs: config.WEIR_PROMOTION_IDLE_MS,
    maxOpen: config.WEIR_PROMOTION_MAX_OPEN,
    approvers: config.WEIR_PROMOTION_APPROVERS,
  };
}

/** Also what an owner used whose record lacks a field. */
export const PROMOTION_DEFAULTS: KernelConfig = kernelConfigOf(loadServiceConfig(SETTINGS, {}), [UNSIGNED]);
