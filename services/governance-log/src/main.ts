import { ConfigError } from '@weir/service-kit/config/settings';
import { main } from '@weir/service-kit/main';
import { startServices } from '@weir/service-kit/service';
import { checkpointKeysOf, folderOf, readKeyLines, SETTINGS } from './config.ts';
import { governanceLog } from './service.ts';
import { refuseShortTopic } from './short-topic.ts';

const NO_KEY =
  'WEIR_GOVERNANCE_KEY_FILE is empty; make a key with services/governance-log/src/init-key.ts FILE and name it: no key is made silently';
const NO_FOLDER =
  'WEIR_GOVERNANCE_FOLDER is empty and WEIR_LOG kafka; name a folder that survives restarts, since checkpoints are signed against it';

await main({
  name: 'governance-log',
  settings: SETTINGS,
  start: async ({ config, ports, principals, logger }) => {
    const keys = checkpointKeysOf(config);
    if (keys.keys.length === 0) throw new ConfigError([NO_KEY]);
    if (config.WEIR_LOG === 'kafka' && config.WEIR_GOVERNANCE_FOLDER === '') throw new ConfigError([NO_FOLDER]);
    const definition = governanceLog(config, readKeyLines(config.WEIR_GOVERNANCE_ENTRY_KEYS_FILE), keys);
    await refuseShortTopic(ports.log, config.WEIR_TOPIC_PREFIX, config.WEIR_PARTITIONS, folderOf(config));
    const kinds = keys.keys.map(({ kind }) => kind);
    if (kinds.includes('ml-dsa-44')) logger.info({ kinds }, 'checkpoints are signed with each of these');
    else logger.warn({ kinds }, 'checkpoints are signed with Ed25519 alone: the key file has no ML-DSA-44 key');
    return startServices([definition], { ports, config, logger, principals });
  },
});
