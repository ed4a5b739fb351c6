/** How large the texts and times of an event may be. The schemas state them in their docs, which a test compares with these. */

/** Names of models, versions, feature sets, columns, units, segments and the like, and the values of segments: bytes of UTF-8. */
export const NAME_BYTES = 512;
/** Ids and digests, bytes of UTF-8. */
export const ID_BYTES = 1_024;
/** What people read, and categories: bytes of UTF-8. */
export const TEXT_BYTES = 8_192;
/** Recorded configuration, bytes of UTF-8. */
export const CONFIG_BYTES = 262_144;
/** Event times lie within ± this, ms: what a Date can say. Source: ECMA-262, time values. */
export const MAX_EVENT_TIME_MS = 8.64e15;

const TEXTS: Readonly<Record<string, number>> = {
  arm: NAME_BYTES,
  build: NAME_BYTES,
  column: NAME_BYTES,
  featureSet: NAME_BYTES,
  kind: NAME_BYTES,
  model: NAME_BYTES,
  name: NAME_BYTES,
  owner: NAME_BYTES,
  rule: NAME_BYTES,
  segment: NAME_BYTES,
  topic: NAME_BYTES,
  unit: NAME_BYTES,
  version: NAME_BYTES,
  origin: NAME_BYTES,
  decisionId: ID_BYTES,
  digest: ID_BYTES,
  effectId: ID_BYTES,
  escalates: ID_BYTES,
  eventId: ID_BYTES,
  fingerprint: ID_BYTES,
  hash: ID_BYTES,
  id: ID_BYTES,
  key: ID_BYTES,
  nonce: ID_BYTES,
  predictionId: ID_BYTES,
  raisedId: ID_BYTES,
  referenceHash: ID_BYTES,
  config: CONFIG_BYTES,
  note: CONFIG_BYTES,
  policy: CONFIG_BYTES,
};

/** Most bytes of UTF-8 in each text of a field; fields that Weir does not know have that of texts. */
export function textBound(record: string, field: string): number {
  // Events name it in a field `featureSet`, so it has the bound of a name.
  if (record === 'FeatureSet' && field === 'id') return NAME_BYTES;
  return TEXTS[field] ?? TEXT_BYTES;
}
