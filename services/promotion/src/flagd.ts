/**
 * A split as a flag of flagd (https://flagd.dev, schema v0): what flagd reads over HTTP, for services that ask OpenFeature for their version. The
 * variants are the versions, and `fractional` gives each its share of the targeting keys, salted by the test as Weir's own assignment is.
 *
 * flagd hashes by its own rule (MurmurHash3), so a unit may get another version than Weir's client would give it: such a prediction is logged
 * without a unit, and with the propensity of the arm that served. flagd has no leases either: it keeps the last document that it read.
 */
import { WHOLE } from '@weir/bandit/weights';
import type { SplitPlace } from './decision-log.ts';
import type { Split } from './state.ts';

export interface FlagdDocument {
  readonly $schema: string;
  readonly flags: Readonly<Record<string, FlagdFlag>>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface FlagdFlag {
  readonly state: 'ENABLED';
  readonly variants: Readonly<Record<string, string>>;
  /** Served without a targeting key. */
  readonly defaultVariant: string;
  /** JSONLogic; empty: the default for all. */
  readonly targeting: object;
  readonly metadata: Readonly<Record<string, string | number>>;
}

const SCHEMA = 'https://flagd.dev/schema/v0/flags.json';

/**
 * @param isStopped the kill switch is on: the champion alone serves
 * @returns one flag, its key the model. Its metadata has the owner, epoch and decision of the split, and each share as `weight.<version>` in millionths
 */
export function flagdDocument(
  { model, champion, owner }: SplitPlace,
  { epoch, salt, weights, decisionId }: Split,
  isStopped: boolean,
): FlagdDocument {
  const shares: readonly (readonly [string, number])[] = isStopped
    ? [[champion, WHOLE]]
    : Object.entries(weights)
        .filter(([, weight]) => weight > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1));
  const versions = shares.map(([version]) => version);
  const [only] = versions;
  const shown = versions.includes(champion) ? versions : [champion, ...versions];
  return {
    $schema: SCHEMA,
    flags: {
      [model]: {
        state: 'ENABLED',
        variants: Object.fromEntries(shown.map((version) => [version, version])),
        defaultVariant: versions.length === 1 && only !== undefined ? only : champion,
        targeting: versions.length < 2 ? {} : targetingOf(salt, shares),
        metadata: {
          owner,
          epoch,
          decisionId,
          ...Object.fromEntries(shares.map(([version, weight]) => [`weight.${version}`, weight])),
        },
      },
    },
    metadata: { flagSetId: 'weir', version: decisionId },
  };
}

/** Without a targeting key null, which flagd takes for the default variant. */
function targetingOf(salt: string, shares: readonly (readonly [string, number])[]): object {
  const key = { var: 'targetingKey' };
  return { if: [key, { fractional: [{ cat: [`${salt}|`, key] }, ...shares] }, null] };
}
