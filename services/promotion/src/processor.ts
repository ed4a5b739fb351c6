/** What the promotion service reads and writes, and how records become events. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { ConfigError } from '@weir/service-kit/config/settings';
import { BadRecord } from '@weir/service-kit/fates';
import type { Processor } from '@weir/service-kit/processor';
import { keyNameOf, PROMOTION_DEFAULTS } from './config.ts';
import type { KernelConfig } from './decision-log.ts';
import { type PromotionEvent, promotionKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import { readSigners, type Signer, UNSIGNED } from './signer.ts';
import type { ModelState } from './state.ts';

export type PromotionProcessor = Processor<KernelConfig, ModelState, PromotionEvent>;

/**
 * Alerts are control: they are read as soon as they are there and move no watermark, so that a topic that is silent most of the time does not
 * hold back the join. One of a later event time than the data waits in the state for the data.
 */
const INPUTS = [
  { topic: 'models', role: 'control', names: ['ModelVersionRegistered', 'PolicySet'] },
  { topic: 'commands', role: 'control', names: ['CommandIssued'] },
  { topic: 'alerts', role: 'control', names: ['AlertRaised', 'AlertResolved'] },
  { topic: 'predictions', role: 'data', names: ['PredictionLogged'] },
  { topic: 'outcomes', role: 'data', names: ['OutcomeObserved'] },
] as const;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'promotion/2';

/** @param signers what may sign: the one whose id the configuration names does */
export function createPromotionProcessor(signers: readonly Signer[]): PromotionProcessor {
  return {
    service: 'promotion',
    inputs: INPUTS.map(({ topic, role, names }) => ({
      topic,
      role,
      decode: (record: LogRecord) => eventOf(topic, names, record),
    })),
    outputs: ['governance-log', 'alerts', 'traffic-splits'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...PROMOTION_DEFAULTS, ...(recorded as Partial<KernelConfig>) }),
    kernel: (config) => promotionKernel(config, signerFor(config, signers)),
  };
}

/** An owner of another configuration signed with another key, which is where that configuration says. */
function signerFor({ keyId, keyFile, deployment }: KernelConfig, signers: readonly Signer[]): Signer {
  const known = [UNSIGNED, ...signers].find((signer) => signer.keyId === keyId);
  const signer =
    known ?? (keyFile === '' ? [] : readSigners(keyFile, keyNameOf(deployment))).find((each) => each.keyId === keyId);
  if (signer !== undefined) return signer;
  throw new ConfigError([
    `entries were signed with key ${keyId}, which is not in ${keyFile || 'WEIR_PROMOTION_KEY_FILE'}; put it there, behind the key that signs now`,
  ]);
}

function eventOf(topic: string, names: readonly string[], { value }: LogRecord): PromotionEvent {
  if (value === null)
    throw new BadRecord('TOMBSTONE', `a record of ${topic} has no value; send a ${names.join(' or ')}`);
  const { name, event } = decode(value);
  if (!names.includes(name))
    throw new BadRecord(
      'WRONG_EVENT',
      `a ${name} came in on ${topic}, which carries ${names.join(' and ')}; send it to its own topic`,
    );
  const given = event as PromotionEvent['event'];
  return {
    key: given.model,
    eventTimeMs: 'issuedMs' in given ? given.issuedMs : given.eventTimeMs,
    name,
    event,
  } as PromotionEvent;
}
