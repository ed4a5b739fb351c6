/** Alerts of performance, as the drift detector writes them of outcomes: about a whole model, without a column. */
import { expect, test } from 'vitest';
import { alert, NOW_MS, policySet, resolved, Stage, traffic, version } from './scene.ts';

const START_MS = NOW_MS - 1e6;
const PERFORMANCE = {
  kind: 'performance',
  column: null,
  rule: 'error-rate-1000',
  summary: 'm: error rate worse than the reference',
  performance: { metric: 'error-rate', current: 0.32, reference: 0.18, low: 0.29, high: 0.35 },
} as const;

function opened(changed: object): Stage {
  const stage = new Stage();
  stage.feed(version('m', 'a'), version('m', 'b', 'sha256:b'), policySet('m', changed));
  return stage;
}

test('a policy holds while an alert of performance is open, and promotes when it is over', () => {
  const stage = opened({ alerts: [{ kind: 'performance', severity: 'warning', action: 'hold' }] });
  stage.feed(
    alert('m', { ...PERFORMANCE, id: 'a0', severity: 'info', eventTimeMs: START_MS }),
    alert('m', { ...PERFORMANCE, id: 'a1', severity: 'warning', eventTimeMs: START_MS }),
  );
  stage.feed(...traffic('m', 300, START_MS));
  expect(stage.kinds).toEqual(['held-by-alert']);
  expect(stage.entries.at(-1)?.decision.reasons).toEqual([
    'open warning alert of kind performance: m: error rate worse than the reference',
  ]);
  expect(stage.view('model')).toMatchObject({ champion: 'a' });
  stage.feed(resolved('m', 'a1', START_MS + 1), ...traffic('m', 30, START_MS + 30_000, { prefix: 'q' }));
  expect(stage.kinds).toEqual(['held-by-alert', 'eligible', 'promoted']);
});

test('a policy that does not name performance promotes under it', () => {
  const stage = opened({ alerts: [{ kind: 'drift', severity: 'warning', action: 'hold' }] });
  stage.feed(alert('m', { ...PERFORMANCE, id: 'a1', severity: 'critical', eventTimeMs: START_MS }));
  stage.feed(...traffic('m', 300, START_MS));
  expect(stage.kinds).toEqual(['eligible', 'promoted']);
});
