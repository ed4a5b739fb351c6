import { main } from '@weir/service-kit/main';
import { startServices } from '@weir/service-kit/service';
import { readCheckpointKeys } from './checkpoint-keys.ts';
import { readKeyLines, SETTINGS } from './config.ts';
import { governanceLog } from './service.ts';
import { refuseShortTopic } from './short-topic.ts';

await main({
  name: 'governance-log',
  settings: SETTINGS,
  start: async ({ config, ports, principals, logger }) => {
    const keys = readCheckpointKeys(config.WEIR_GOVERNANCE_KEY_FILE);
    const definition = governanceLog(config, readKeyLines(config.WEIR_GOVERNANCE_ENTRY_KEYS_FILE), keys);
    const { WEIR_TOPIC_PREFIX: prefix, WEIR_PARTITIONS: partitions, WEIR_GOVERNANCE_FOLDER: folder } = config;
    await refuseShortTopic(ports.log, prefix, partitions, folder);
    const kinds = keys.keys.map(({ kind }) => kind);
    if (kinds.includes('ml-dsa-44')) logger.info({ kinds }, 'checkpoints are signed with each of these');
    else logger.warn({ kinds }, 'checkpoints are signed with Ed25519 alone: the key file has no ML-DSA-44 key');
    return startServices([definition], { ports, config, logger, principals });
  },
});
