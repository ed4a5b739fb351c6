import { main } from '@weir/service-kit/main';
import { startServices } from '@weir/service-kit/service';
import { modelPlacesOf, SETTINGS, samplerConfigOf } from './config.ts';
import { explanationSampler } from './service.ts';

await main({
  name: 'explanation-sampler',
  settings: SETTINGS,
  start: (surroundings) =>
    startServices(
      [explanationSampler(samplerConfigOf(surroundings.config), modelPlacesOf(surroundings.config))],
      surroundings,
    ),
});
