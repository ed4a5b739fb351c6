import { main } from '@weir/service-kit/main';
import { startServices } from '@weir/service-kit/service';
import { anomalyConfigOf, SETTINGS } from './config.ts';
import { anomalyDetector } from './service.ts';

await main({
  name: 'anomaly-detector',
  settings: SETTINGS,
  start: (surroundings) => startServices([anomalyDetector(anomalyConfigOf(surroundings.config))], surroundings),
});
