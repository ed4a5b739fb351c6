import { expect, test } from 'vitest';
import { ScoredWindow } from '../../src/performance/scored-window.ts';
import { stream } from './stream.ts';

test.each([700, 1_000, 1_001, 1_637])(
  'after %i outcomes, a restored window of 1,000 answers as the one that never stopped',
  (outcomes) => {
    const draw = stream(11);
    const window = new ScoredWindow(1_000);
    for (let at = 0; at < outcomes; at += 1) {
      const { p, y } = draw(0);
      window.add(p, y, at);
    }
    const restored = new ScoredWindow(1_000);
    const { probabilities, labels, timesMs } = window.save();
    restored.restore(probabilities, labels, timesMs);
    const shown = (each: ScoredWindow) => ({
      bins: each.bins(),
      since: each.since('log-loss', outcomes - 400),
      predicted: each.predicted,
      observed: each.observed,
      fromMs: each.fromMs,
      toMs: each.toMs,
    });
    expect(shown(restored)).toEqual(shown(window));
    expect(restored.bins().reduce((sum, { count }) => sum + count, 0)).toBe(Math.min(outcomes, 1_000));
  },
);
