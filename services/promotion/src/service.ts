/** Promotion as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/definition';
import { actuatorHandler } from './actuators/actuator.ts';
import { mlflowAlias } from './actuators/mlflow-alias.ts';
import { retrainingHandler, webhookActuator } from './actuators/webhook.ts';
import { kernelConfigOf, type PromotionConfig, signersOf } from './config.ts';
import { KillSwitch } from './kill-switch.ts';
import { createPromotionProcessor } from './processor.ts';
import { registerRoutes } from './routes.ts';
import { type Signer, UNSIGNED } from './signer.ts';

/** @throws {ConfigError} when the key file cannot be used */
export function promotionService(
  config: PromotionConfig,
  signers: readonly Signer[] = signersOf(config),
): ServiceDefinition {
  const kernelConfig = kernelConfigOf(config, signers);
  const signer = signers[0] ?? UNSIGNED;
  const killSwitch = new KillSwitch();
  const destinations = config.WEIR_PROMOTION_DESTINATIONS;
  const webhook = { secret: config.WEIR_PROMOTION_WEBHOOK_SECRET, destinations, now: Date.now };
  return {
    name: 'promotion',
    title: 'Weir promotion',
    description:
      'Decides which model version serves: joins outcomes to predictions, moves traffic, promotes and rolls back under error control, and writes each decision to the governance log.',
    processor: createPromotionProcessor(signers),
    config: kernelConfig,
    effects: {
      webhook: actuatorHandler(webhookActuator(webhook), destinations),
      'mlflow-alias': actuatorHandler(mlflowAlias(), destinations),
      retraining: retrainingHandler(webhook),
    },
    routes: (app, io) => registerRoutes(app, io, { config: kernelConfig, signer, killSwitch, now: Date.now }),
  };
}
