import type { CategoricalProfile } from '../quality/profile.ts';
import { wilsonLower } from '../quality/wilson.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import type { Fault } from './fault.ts';
import { ShareRise } from './share-rise.ts';

/** Values that were last unseen, kept to explain them. */
const KEPT = 64;
/** An explanation must give back this share of them. */
const EXPLAINED = 0.95;
const MIN_SHARE = 1e-6;

/** A way in which serving writes a value differently from training. */
interface Recoding {
  readonly name: string;
  readonly of: (value: string) => string;
}

const RECODINGS: readonly Recoding[] = [
  { name: 'lower case', of: (value) => value.toLowerCase() },
  { name: 'upper case', of: (value) => value.toUpperCase() },
  { name: 'surrounding white space', of: (value) => value.trim() },
  { name: 'case and white space', of: (value) => value.trim().toLowerCase() },
  { name: 'white space, hyphens and underscores', of: (value) => value.replaceAll(/[\s_-]+/g, '').toLowerCase() },
  { name: 'no accents', of: (value) => value.normalize('NFD').replaceAll(/\p{M}/gu, '') },
  { name: 'no leading zeros', of: (value) => value.replace(/^0+(?=.)/, '') },
  { name: 'true/false as 1/0', of: (value) => ({ true: '1', false: '0' })[value.toLowerCase()] ?? value },
  { name: 'yes/no as 1/0', of: (value) => ({ yes: '1', no: '0', y: '1', n: '0' })[value.toLowerCase()] ?? value },
  {
    name: 'a number with decimals',
    of: (value) => (value.trim() === '' || Number.isNaN(Number(value)) ? value : String(Number(value))),
  },
];

/**
 * Values that the reference lacks, and why: serving may write what training knew in another form. The share of unseen values is tested by
 * `ShareRise` from the upper Wilson bound of what is to be expected; when it has risen, the unseen values are looked up under each form,
 * then as positions in the sorted reference (label encoding), then with a common prefix or suffix.
 */
export class RecodingTest {
  readonly #name: string;
  readonly #known: ReadonlyMap<string, number>;
  readonly #rise: ShareRise;
  #recent: string[] = [];
  #next = 0;

  /** @param profile of a column whose distinct values are all kept. */
  constructor(profile: CategoricalProfile, eventsPerFalseAlarm: number) {
    this.#name = profile.name;
    this.#known = new Map(
      profile.values
        .map(({ value }) => value)
        .sort()
        .map((value, index) => [value, index]),
    );
    const singletons = profile.values.filter(({ count }) => count === 1).length;
    // Good & Turing: the mass of values not seen yet is about the share of those seen once.
    const unseen = 1 - wilsonLower(profile.present, profile.present - singletons);
    this.#rise = new ShareRise(Math.min(0.3, Math.max(MIN_SHARE, unseen)), eventsPerFalseAlarm);
  }

  get open(): boolean {
    return this.#rise.open;
  }

  /** One present value; the fault when it begins. Fault `cardinality` when the unseen values have no explanation. */
  add(value: string): Fault | undefined {
    const unseen = !this.#known.has(value);
    if (unseen) {
      this.#recent[this.#next] = value;
      this.#next = (this.#next + 1) % KEPT;
    }
    if (!this.#rise.add(unseen)) return undefined;
    const explanation = this.#explain();
    const share = this.#rise.share;
    const common = { field: this.#name, since: this.#rise.since, factor: share / this.#rise.p0, share };
    const seen = `${(share * 100).toFixed(1)} % of values are unseen in the reference, such as ${JSON.stringify(this.#recent.at(-1))}`;
    return explanation === undefined
      ? { fault: 'cardinality', ...common, detail: `${seen}; no known recoding explains them` }
      : { fault: 'recoding', ...common, detail: `${seen}; the reference's values in another form: ${explanation}` };
  }

  #explain(): string | undefined {
    const recent = this.#recent;
    const enough = (isKnown: (value: string) => boolean): boolean =>
      recent.filter(isKnown).length >= EXPLAINED * recent.length;
    for (const { name, of } of RECODINGS) {
      const forms = new Set([...this.#known.keys()].map(of));
      if (enough((value) => forms.has(value) || forms.has(of(value)))) return name;
    }
    const isCode = (value: string): boolean => /^\d{1,4}(?:\.0)?$/.test(value) && Number(value) <= this.#known.size;
    if (enough(isCode)) return 'numbers for labels';
    const known = [...this.#known.keys()].filter((value) => value !== '');
    if (enough((value) => known.some((each) => value.endsWith(each)))) return 'a prefix';
    return enough((value) => known.some((each) => value.startsWith(each))) ? 'a suffix' : undefined;
  }

  write(writer: StateWriter): void {
    writer.u32(this.#recent.length);
    for (const value of this.#recent) writer.text(value);
    writer.u32(this.#next);
    this.#rise.write(writer);
  }

  read(reader: StateReader): void {
    const count = reader.u32();
    if (count > KEPT) throw reader.refusal(`keeps ${count} unseen values of ${this.#name}; at most ${KEPT}`);
    this.#recent = Array.from({ length: count }, () => reader.text());
    this.#next = reader.u32() % KEPT;
    this.#rise.read(reader);
  }
}
