import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import { expect, test } from 'vitest';
import { goldenStates } from './golden-state.ts';
import { SCENARIO, SELECTED } from './scenario.ts';

describeProcessor('the explanation sampler', { ...SCENARIO, golden: goldenStates() });

test('the scenario explains most events of the model that can be read', () => {
  expect(SELECTED).toBeGreaterThan(300);
});
