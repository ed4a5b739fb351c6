/** Reads a decoded document field by field and keeps what is wrong with it: all of it, so that a file is corrected once. */

export interface PolicyProblem {
  /** Path, e.g. `alpha.perTest` or `guardrails[1].kind`. */
  readonly field: string;
  /** As JSON; `missing` when there is none. */
  readonly value: string;
  readonly rule: string;
  readonly cure: string;
}

export class PolicyReader {
  readonly problems: PolicyProblem[];
  readonly #path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(document: unknown, path: string, problems: PolicyProblem[]) {
    this.problems = problems;
    this.#path = path;
    const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
    this.#fields = isObject ? (document as Record<string, unknown>) : {};
    if (!isObject)
      this.#report(path === '' ? 'policy' : path, document, 'must be an object', 'write its fields as keys');
  }

  /** Reports each key that is not known: a misspelt bar would otherwise be no bar. */
  only(known: readonly string[]): void {
    for (const key of Object.keys(this.#fields))
      if (!known.includes(key)) this.problem(key, 'is not a field', `use one of ${known.join(', ')}`);
  }

  problem(key: string, rule: string, cure: string): void {
    this.#report(this.#pathOf(key), this.#fields[key], rule, cure);
  }

  /** Text that is not empty. */
  text(key: string, cure: string, fallback?: string): string {
    const value = this.#fields[key] ?? fallback;
    if (typeof value === 'string' && value !== '') return value;
    this.problem(key, 'must be text, not empty', cure);
    return '';
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[], fallback?: Choice): Choice {
    const value = this.#fields[key] ?? fallback;
    const found = choices.find((each) => each === value);
    if (found === undefined) this.problem(key, `must be one of ${choices.join(', ')}`, 'choose one');
    return found ?? (choices[0] as Choice);
  }

  /** A number in [low, high], or a percentage as text: "0.5%" is .005. */
  share(key: string, low: number, high: number, fallback?: number): number {
    const value = this.#fields[key] ?? fallback;
    const share = shareOf(value);
    if (share !== undefined && share >= low && share <= high) return share;
    this.problem(key, `must be from ${low} to ${high}, or a percentage such as "0.5%"`, 'give a share of 1');
    return low;
  }

  whole(key: string, low: number, high: number, fallback?: number): number {
    const value = this.#fields[key] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
    this.problem(key, `must be a whole number from ${low} to ${high}`, 'count it');
    return low;
  }

  /** A span of time as text, e.g. "7d", "12h", "15m", "30s", "250ms"; in ms. */
  duration(key: string, fallback?: string): number {
    const value = this.#fields[key] ?? fallback;
    const ms = typeof value === 'string' ? durationMs(value) : undefined;
    if (ms === undefined) this.problem(key, 'must be a number with ms, s, m, h or d behind it', 'write e.g. "7d"');
    return ms ?? 0;
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined;
  }

  /** A field that is an object; an empty one when it is missing. */
  object(key: string): PolicyReader {
    return new PolicyReader(this.#fields[key] ?? {}, this.#pathOf(key), this.problems);
  }

  /** Entries of a list, at most `most`; none when it is missing. */
  list<Entry>(key: string, most: number, read: (entry: unknown, path: string) => Entry): Entry[] {
    const value = this.#fields[key] ?? [];
    if (Array.isArray(value) && value.length <= most)
      return value.map((entry, index) => read(entry, `${this.#pathOf(key)}[${index}]`));
    this.problem(key, `must be a list of at most ${most}`, 'write one entry for each');
    return [];
  }

  texts(key: string, most: number): string[] {
    const found = this.list(key, most, (entry, path) => {
      if (typeof entry === 'string' && entry !== '') return entry;
      this.#report(path, entry, 'must be text, not empty', 'give its name');
      return '';
    });
    const twice = found.find((entry, index) => found.indexOf(entry) !== index);
    if (twice !== undefined) this.problem(key, `must not name ${twice} twice`, 'drop one');
    return found;
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #report(field: string, value: unknown, rule: string, cure: string): void {
    this.problems.push({ field, value: value === undefined ? 'missing' : JSON.stringify(value), rule, cure });
  }
}

export function shareOf(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value !== 'string' || !/^\d+(\.\d+)?%$/.test(value)) return undefined;
  return Number(value.slice(0, -1)) / 100;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function durationMs(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const ms = Math.round(Number(number) * (UNITS[unit] as number));
  return Number.isSafeInteger(ms) ? ms : undefined;
}
