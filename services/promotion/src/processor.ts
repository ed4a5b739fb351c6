/** What the promotion service reads and writes, and how records become events. */
import { ConfigError } from '@weir/service-kit/config/settings';
import { eventInput } from '@weir/service-kit/model-inputs';
import type { Processor } from '@weir/service-kit/processor';
import { keyNameOf, PROMOTION_DEFAULTS } from './config.ts';
import type { KernelConfig } from './decision-log.ts';
import { type PromotionEvent, promotionKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import { readSigners, type Signer, UNSIGNED } from './signer.ts';
import type { ModelState } from './state.ts';

export type PromotionProcessor = Processor<KernelConfig, ModelState, PromotionEvent>;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'promotion/4';

/** @param signers what may sign: the one whose id the configuration names does */
export function createPromotionProcessor(signers: readonly Signer[]): PromotionProcessor {
  return {
    service: 'promotion',
    inputs: [
      eventInput('models', 'control', 'ModelVersionRegistered', 'PolicySet'),
      eventInput('commands', 'control', 'CommandIssued'),
      // Control, so that a topic which is silent most of the time moves no watermark and does not hold back the join. An alert of a later event
      // time than the data waits in the state for the data.
      eventInput('alerts', 'control', 'AlertRaised', 'AlertResolved'),
      eventInput('predictions', 'data', 'PredictionLogged'),
      eventInput('outcomes', 'data', 'OutcomeObserved'),
    ],
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
