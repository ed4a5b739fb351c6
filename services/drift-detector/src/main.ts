import { main } from '@weir/service-kit/lifecycle';
import { driftConfigOf, loadDetectorConfig, SETTINGS } from './config.ts';
import { driftDetector } from './service.ts';

await main({ service: 'drift-detector', settings: SETTINGS, load: loadDetectorConfig }, (config) =>
  driftDetector(driftConfigOf(config)),
);
