/** Addresses of model servers, held against the allow-list. */
import type { ModelAccess } from '@weir/events/generated/events';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { ModelPlaces } from '../config.ts';

/** Ends in a slash, so that paths are appended. @throws {EffectRefused} for an address that is not allowed */
export function addressOf({ location }: ModelAccess, { urls }: ModelPlaces): URL {
  const address = URL.parse(location.endsWith('/') ? location : `${location}/`);
  const isPlain = address !== null && address.username === '' && address.password === '' && address.search === '';
  if (isPlain && urls.some((url) => address.href.startsWith(new URL(url).href))) return address;
  throw new EffectRefused(
    `the model's address is ${JSON.stringify(location.slice(0, 200))}; it must begin with one of WEIR_EXPLAIN_MODEL_URLS`,
  );
}
