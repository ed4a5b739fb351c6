/** A configuration from the environment: every fault at once, and nothing said about names that belong to others. */
import { nearest, slipOf } from './near.ts';
import { parseSetting, ruleOf, shownOf, textOf } from './parse.ts';
import { ConfigError, type ConfigOf, type Rule, type Setting, type Settings } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a program reads. */
export interface ConfigSource<S extends Settings> {
  readonly settings: S;
  /** A name that begins with one of these and is no setting is refused. */
  readonly prefixes: readonly string[];
  readonly rules: readonly Rule<ConfigOf<S>>[];
  /** Instead of the settings' own: the port of a service. */
  readonly defaults?: Partial<ConfigOf<S>>;
}

/** Letters by which an unknown name within an owned prefix may differ from the one that is proposed. */
const PROPOSED_WITHIN = 4;

/**
 * An empty variable counts as not set. Unknown names are refused within the prefixes, and where they are a slip of a known name; others are
 * left alone, so that several programs can share one environment.
 * @returns frozen
 * @throws {ConfigError} listing every fault
 */
export function loadConfig<S extends Settings>(source: ConfigSource<S>, env: Environment): ConfigOf<S> {
  const { settings, prefixes, rules, defaults = {} } = source;
  const faults: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const fallback = (defaults as Readonly<Record<string, unknown>>)[name] ?? setting.default;
    const text = env[name];
    if (text === undefined || text === '') {
      if (fallback === undefined) faults.push(`${name} is not set; it must be ${ruleOf(setting)} (${setting.reason})`);
      config[name] = fallback;
      continue;
    }
    config[name] = parseSetting(setting, text);
    if (config[name] === undefined) faults.push(faultOf(name, setting, text, fallback));
  }
  faults.push(...unknownNames(Object.keys(settings), prefixes, env));
  // Rules over several settings only make sense when each of them is right.
  if (faults.length === 0) faults.push(...rules.flatMap((rule) => rule(config as ConfigOf<S>) ?? []));
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config) as ConfigOf<S>;
}

function faultOf(name: string, setting: Setting, text: string, fallback: unknown): string {
  const cure =
    fallback === undefined
      ? 'correct it'
      : `correct it, or leave it out for ${textOf(fallback) === '' ? 'none' : textOf(fallback)}`;
  return `${name} is ${shownOf(setting, text)}; it must be ${ruleOf(setting)}: ${cure} (${setting.reason})`;
}

function unknownNames(known: readonly string[], prefixes: readonly string[], env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const isOwned = prefixes.some((prefix) => name.startsWith(prefix));
      const slip = slipOf(name, known);
      // Other programs' variables may look like ours: one beside the known name is not a slip of it.
      const isSlip = slip !== undefined && (name.startsWith('WEIR_') || env[slip] === undefined);
      if (!isOwned && !isSlip) return [];
      const meant = slip ?? nearest(name, known, PROPOSED_WITHIN);
      return `${name} is not a setting; ${meant === undefined ? 'remove it, --help lists them' : `did you mean ${meant}?`}`;
    });
}
