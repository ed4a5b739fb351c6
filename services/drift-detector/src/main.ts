import { main } from '@weir/service-kit/main';
import { startServices } from '@weir/service-kit/service';
import { driftConfigOf, SETTINGS } from './config.ts';
import { driftDetector } from './service.ts';

await main({
  name: 'drift-detector',
  settings: SETTINGS,
  start: (surroundings) => startServices([driftDetector(driftConfigOf(surroundings.config))], surroundings),
});
