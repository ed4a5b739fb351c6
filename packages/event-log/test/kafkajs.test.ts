import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EMBEDDED_FEATURES } from '../src/embedded/log.ts';
import type { Features } from '../src/features.ts';
import { EXPECTED_KAFKAJS_VERSION, KAFKAJS_VERSION } from '../src/kafkajs/internals.ts';
import { KAFKA_FEATURES } from '../src/kafkajs/log.ts';

test('kafkajs is the version whose internals were read; another needs internals.ts read again', () => {
  expect(KAFKAJS_VERSION).toBe(EXPECTED_KAFKAJS_VERSION);
});

test('the README says of each adapter what it claims in code', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const said = (value: Features[keyof Features]): string =>
    Array.isArray(value) ? value.join(', ') || 'no' : value === true ? 'yes' : 'no';
  for (const feature of Object.keys(KAFKA_FEATURES) as (keyof Features)[]) {
    const cells = readme
      .split('\n')
      .find((line) => line.startsWith(`| \`${feature}\``))
      ?.split('|')
      .map((cell) => cell.trim());
    expect([feature, ...(cells?.slice(2, 4) ?? [])]).toEqual([
      feature,
      said(EMBEDDED_FEATURES[feature]),
      said(KAFKA_FEATURES[feature]),
    ]);
  }
});
