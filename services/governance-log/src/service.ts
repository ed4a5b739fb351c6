/** The governance log as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/definition';
import { Gauge } from 'prom-client';
import type { CheckpointKeys } from './checkpoint-keys.ts';
import { folderOf, type GovernanceConfig, logConfigOf } from './config.ts';
import { STORE } from './kernel.ts';
import { Logs } from './logs.ts';
import { createLogProcessor, SERVICE } from './processor.ts';
import { registerRoutes } from './routes.ts';
import { type StoreOptions, Stores, storeHandler } from './store-handler.ts';
import { witnessHandler } from './witness-handler.ts';
import { WITNESS } from './witnessing.ts';

/**
 * @param keyLines `entry-key` and `approver-key` lines of a trust file: whose entries are admitted
 * @throws {ConfigError} when a line of them is not one
 */
export function governanceLog(
  config: GovernanceConfig,
  keyLines: readonly string[],
  keys: CheckpointKeys,
): ServiceDefinition {
  const logConfig = logConfigOf(config, keyLines, keys);
  const folder = folderOf(config);
  const logs = new Logs(folder, config.WEIR_PARTITIONS);
  const storing: StoreOptions = { folder, config: logConfig, keys, now: Date.now };
  const stores = new Stores(storing);
  return {
    name: SERVICE,
    title: 'Weir governance-log',
    description:
      'Every decision about a model as a signed entry in one Merkle tree under signed checkpoints: decisions, why they were made, proofs, and what served when.',
    processor: createLogProcessor(),
    config: logConfig,
    effects: { [STORE]: storeHandler(storing, stores), [WITNESS]: witnessHandler(storing, stores) },
    routes: (app, io) => registerRoutes(app, io, logs, logConfig),
    metrics: (registry) => {
      new Gauge({
        name: 'weir_checkpoint_signature_kinds',
        help: 'Kinds of signatures that checkpoints are given, 1 each.',
        labelNames: ['kind'],
        registers: [registry],
        collect() {
          for (const { kind } of keys.keys) this.set({ kind }, 1);
        },
      });
      new Gauge({
        name: 'weir_governance_signed_entries',
        help: 'Leaves of the newest checkpoint in the folder, by partition.',
        labelNames: ['partition'],
        registers: [registry],
        collect() {
          for (let partition = 0; partition < config.WEIR_PARTITIONS; partition += 1) {
            const checkpoint = logs.partition(partition)?.reader.latest();
            if (checkpoint !== undefined) this.set({ partition: String(partition) }, checkpoint.size);
          }
        },
      });
    },
  };
}
