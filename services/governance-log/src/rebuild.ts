/** A program that makes lost folders anew, with the settings of the service: `node services/governance-log/src/rebuild.ts`. */
import { ConfigError } from '@weir/service-kit/config/settings';
import { main } from '@weir/service-kit/main';
import { checkpointKeysOf, folderOf, logConfigOf, readKeyLines, SETTINGS } from './config.ts';
import { createDisk } from './disk.ts';
import { rebuildFolder } from './rebuild-folder.ts';
import { bundleFolder } from './store-handler.ts';

await main({
  name: 'governance-log-rebuild',
  settings: SETTINGS,
  start: async ({ config, ports, logger }) => {
    const keys = checkpointKeysOf(config);
    if (keys.keys.length === 0)
      throw new ConfigError([
        'WEIR_GOVERNANCE_KEY_FILE is empty; name the key file, whose public keys verify the checkpoint',
      ]);
    const logConfig = logConfigOf(config, readKeyLines(config.WEIR_GOVERNANCE_ENTRY_KEYS_FILE), keys);
    for (let partition = 0; partition < config.WEIR_PARTITIONS; partition += 1) {
      const folder = bundleFolder(folderOf(config), partition);
      const disk = createDisk(folder);
      const size = await rebuildFolder(
        { log: ports.log, topicPrefix: config.WEIR_TOPIC_PREFIX, partition, disk },
        logConfig,
      );
      logger.info({ folder, entries: size }, 'made anew');
    }
    return { done: Promise.resolve(), stop: async () => {} };
  },
});
