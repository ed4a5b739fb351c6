import { main } from '@weir/service-kit/main';
import { startServices } from '@weir/service-kit/service';
import { SETTINGS, signersOf } from './config.ts';
import { promotionService } from './service.ts';
import { UNSIGNED } from './signer.ts';

await main({
  name: 'promotion',
  settings: SETTINGS,
  start: async ({ config, ports, principals, logger }) => {
    const signers = signersOf(config);
    const [{ vkey } = UNSIGNED] = signers;
    if (vkey === '')
      logger.warn('decisions are not signed, and a governance log refuses such entries; set WEIR_PROMOTION_KEY_FILE');
    else logger.info({ vkey }, 'decisions are signed; this is the entry-key of a trust file');
    return startServices([promotionService(config, signers)], { ports, config, logger, principals });
  },
});
