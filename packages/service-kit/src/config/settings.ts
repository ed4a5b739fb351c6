/**
 * Settings, declared once: a plain literal `as const` for each variable of the environment, from which the TypeScript type, the parser,
 * `--help` and the documentation come.
 */

interface Described {
  /** For people: like `ms`. */
  readonly unit?: string;
  /** What it is for: a phrase that begins in lower case. */
  readonly reason: string;
  /** Its value is never printed. */
  readonly secret?: boolean;
}

interface Range {
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface IntegerSetting extends Described, Range {
  readonly type: 'integer';
  readonly default?: number;
}

export interface NumberSetting extends Described, Range {
  readonly type: 'number';
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly default?: number;
}

export interface BooleanSetting extends Described {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface StringSetting extends Described {
  readonly type: 'string';
  /** A regular expression that all of it must match, anchored. */
  readonly pattern?: string;
  /** The pattern in words, after "must be". */
  readonly rule?: string;
  readonly default?: string;
}

/** A URL that may hold a password: it is printed without it. */
export interface UrlSetting extends Described {
  readonly type: 'url';
  readonly schemes: readonly string[];
  readonly default?: string;
}

export interface ChoiceSetting extends Described {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly default?: string;
}

/** Items with a comma between. */
export interface ListSetting extends Described {
  readonly type: 'list';
  readonly items:
    | ({ readonly type: 'integer' } & Range)
    | { readonly type: 'string'; readonly pattern?: string; readonly rule?: string };
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: readonly (string | number)[];
}

export type Setting =
  | IntegerSetting
  | NumberSetting
  | BooleanSetting
  | StringSetting
  | UrlSetting
  | ChoiceSetting
  | ListSetting;

export type Settings = Readonly<Record<string, Setting>>;

/** The value that a setting gives. */
export type ValueOf<S extends Setting> = S extends { readonly type: 'integer' | 'number' }
  ? number
  : S extends { readonly type: 'boolean' }
    ? boolean
    : S extends { readonly type: 'string' | 'url' }
      ? string
      : S extends { readonly type: 'choice'; readonly choices: readonly (infer Choice)[] }
        ? Choice
        : S extends { readonly type: 'list'; readonly items: { readonly type: infer Item } }
          ? readonly (Item extends 'integer' ? number : string)[]
          : never;

/** The configuration that settings give: `ConfigOf<typeof SETTINGS>`. */
export type ConfigOf<S extends Settings> = { readonly [Name in keyof S]: ValueOf<S[Name]> };

/** A rule over several settings. Returns what is wrong, with names, values and the cure. */
export type Rule<Config> = (config: Config) => string | undefined;

/** Every fault of a configuration, each with the name, the value, the rule and the cure. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in the configuration:\n${faults.map((fault) => `  ${fault}\n`).join('')}`,
    );
    this.faults = faults;
  }
}
