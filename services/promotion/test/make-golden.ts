/** Writes the golden state of this state version: node services/promotion/test/make-golden.ts. Those of released versions stay as they are. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_VERSION } from '../src/saved-state.ts';
import { alert, NOW_MS, policySet, Stage, traffic, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;
const stage = new Stage();
const records = [...traffic('m', 150, START_MS)];
stage.feed(version('m', 'a'), version('m', 'b', 'sha256:b'), policySet('m'));
stage.feed(alert('m', { id: 'drift-1', eventTimeMs: START_MS + 1e9 }), ...records.slice(0, 100));
const [record] = stage.fold.keys.records();
const bytes = record?.bytes as Uint8Array;
const before = stage.outputs.length;
const next = records.slice(100);
stage.feed(...next);
const golden = {
  name: `version ${STATE_VERSION}`,
  key: 'm',
  stateVersion: STATE_VERSION,
  bytes: Buffer.from(bytes).toString('base64'),
  next: next.map(({ topic, value }) => [topic, Buffer.from(value as Uint8Array).toString('base64')]),
  outputIds: stage.outputs.slice(before).map(({ id }) => id),
};
const folder = join(import.meta.dirname, 'golden');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, `state-${STATE_VERSION}.json`), `${JSON.stringify(golden, null, 2)}\n`);
