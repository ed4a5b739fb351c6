/** What the promotion service reads and writes, and how records become events. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { BadRecord } from '@weir/service-kit/fates';
import type { Processor } from '@weir/service-kit/processor';
import { PROMOTION_DEFAULTS } from './config.ts';
import type { KernelConfig } from './decision-log.ts';
import { type PromotionEvent, promotionKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { Signer } from './signer.ts';
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
export const BUILD = 'promotion/1';

/**
 * @param signers what may sign: the one whose id the configuration names does
 * @param publishesSplits as `publishSplits` of the configuration
 */
export function createPromotionProcessor(signers: readonly Signer[], publishesSplits = true): PromotionProcessor {
  return {
    service: 'promotion',
    inputs: INPUTS.map(({ topic, role, names }) => ({
      topic,
      role,
      decode: (record: LogRecord) => eventOf(topic, names, record),
    })),
    outputs: ['governance-log', 'alerts', ...(publishesSplits ? ['traffic-splits'] : [])],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...PROMOTION_DEFAULTS, ...(recorded as Partial<KernelConfig>) }),
    kernel: (config) => {
      const signer = signers.find(({ keyId }) => keyId === config.keyId);
      if (signer === undefined)
        throw new Error(
          `entries were signed with key ${config.keyId}, which is not at hand; put it into WEIR_PROMOTION_KEY_FILE, behind the key that signs now`,
        );
      return promotionKernel(config, signer);
    },
  };
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
