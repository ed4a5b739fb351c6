import { expect, test } from 'vitest';
import { linearShap, meanInputs } from '../src/linear-shap.ts';
import { linearMargins, parseSklearnLinear } from '../src/model/linear.ts';
import { shapleyByEnumeration } from './enumeration.ts';

const FIELDS = {
  format: 'weir.sklearn-linear/1',
  features: 3,
  feature_names: ['a', 'b', 'c'],
  link: 'logistic',
  weights: [[1.5, -2, 0.5]],
  intercepts: [0.25],
};
const model = parseSklearnLinear({ ...FIELDS, inputs: { centre: [1, 2, 3], scale: [2, 0, 0.5], clip: 2 } });

test('inputs are standardised, held within the clip, and 0 where the scale is', () => {
  expect(linearMargins(model, [3, 9, 3.5])[0]).toBeCloseTo(0.25 + 1.5 + 0 + 0.5, 12);
  expect(linearMargins(model, [100, 9, -100])[0]).toBeCloseTo(0.25 + 3 - 1, 12);
});

test('attributions are those of enumeration, also where inputs are clipped', () => {
  const background = [
    [0, 1, 2],
    [9, 5, 3.2],
    [-20, 0, 40],
  ];
  const row = [30, 1, 3.7];
  const { attributions, baseValues } = linearShap(model, meanInputs(model, background), row);
  const valueOf = (coalition: number): number => {
    const margins = background.map(
      (other) =>
        linearMargins(
          model,
          row.map((x, at) => (((coalition >> at) & 1) === 1 ? x : (other[at] as number))),
        )[0] as number,
    );
    return margins.reduce((a, b) => a + b, 0) / margins.length;
  };
  const truth = shapleyByEnumeration(3, valueOf);
  for (const [at, value] of attributions.entries()) expect(value).toBeCloseTo(truth[at] as number, 12);
  const total = (baseValues[0] as number) + attributions.reduce((a, b) => a + b, 0);
  expect(total).toBeCloseTo(linearMargins(model, row)[0] as number, 12);
});

test('a scaling that does not fit is refused', () => {
  const inputs = { centre: [1, 2], scale: [1, 1, -1] };
  expect(() => parseSklearnLinear({ ...FIELDS, inputs })).toThrow(/2 centres, 3 scales .* one centre and one scale/);
});
