import { expect, test } from 'vitest';
import { readFigures } from './against.ts';

test('rates and times are read by what stands before them, a larger figure being the better one', () => {
  const text = [
    'On 2 CPUs',
    '2 models: 932,000 events per CPU-second (median of 5, 400,000 events), 0.50 × decoding alone',
    'm = 1000, W = 1000: 143 ns an event with D; SciPy 0.46 ms; ratio 3230',
    '2 models, one record in 100 torn: 0.84 × the events per CPU-second of whole records',
  ].join('\n');
  expect([...readFigures(text)]).toEqual([
    ['2 models', 932_000],
    ['m = 1000, W = 1000', 1 / 143],
  ]);
});
