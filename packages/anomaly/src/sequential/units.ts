/** A change of unit: the value that is sent for a value of the reference's unit, increasing. */
export interface UnitChange {
  readonly name: string;
  readonly factor: number;
  readonly offset: number;
}

const FACTORS: readonly (readonly [name: string, factor: number])[] = [
  ['miles to kilometres', 1.609_344],
  ['thousands to ones', 1_000],
  ['minutes to seconds', 60],
  ['shares to percent', 100],
  ['KiB to bytes', 1_024],
  ['inches to centimetres', 2.54],
  ['pounds to kilograms', 0.453_592_37],
  ['hours to seconds', 3_600],
  ['days to hours', 24],
  ['metres to feet', 3.280_839_895],
  ['gallons to litres', 3.785_411_784],
  ['tens to ones', 10],
  ['millions to ones', 1_000_000],
];

/** Known changes, both directions. Sources of the factors: NIST SP 811, appendix B. */
export const UNIT_CHANGES: readonly UnitChange[] = [
  ...FACTORS.flatMap(([name, factor]) => [
    { name, factor, offset: 0 },
    { name: `${name}, reversed`, factor: 1 / factor, offset: 0 },
  ]),
  { name: 'Celsius to Fahrenheit', factor: 1.8, offset: 32 },
  { name: 'Fahrenheit to Celsius', factor: 1 / 1.8, offset: -32 / 1.8 },
  { name: 'Celsius to kelvin', factor: 1, offset: 273.15 },
  { name: 'kelvin to Celsius', factor: 1, offset: -273.15 },
];

/** Those that leave whole multiples of a step whole multiples of it, the largest factor first: a multiple of 60 is one of 10, too. */
export const WHOLE_FACTORS: readonly UnitChange[] = UNIT_CHANGES.filter(
  ({ factor, offset }) => offset === 0 && factor > 1 && Number.isInteger(factor),
).sort((a, b) => b.factor - a.factor);
