/** `--set NAME=VALUE`: other settings than the recorded ones. */
import type { AnyProcessor } from '@weir/service-kit/processor';
import { UsageError } from '../../output.ts';
import { shown } from '../../tables/shown.ts';

/** By name, as JSON values. */
export type Changes = Readonly<Record<string, unknown>>;

/** What of the changes concerns a processor; names and types are those of its configuration. @throws {UsageError} for a value of another type */
export function changesFor(processor: AnyProcessor, set: readonly string[]): Changes {
  const defaults = settingsOf(processor);
  const changes: Record<string, unknown> = {};
  for (const setting of set) {
    const { name, text } = partsOf(setting);
    if (Object.hasOwn(defaults, name)) changes[name] = valueOf(setting, text, defaults[name]);
  }
  return changes;
}

/** @throws {UsageError} for a setting that none of the processors has */
export function checkNames(processors: readonly AnyProcessor[], set: readonly string[]): void {
  const known = processors.map((processor) => [processor.service, Object.keys(settingsOf(processor))] as const);
  for (const setting of set) {
    const { name } = partsOf(setting);
    if (known.some(([, names]) => names.includes(name))) continue;
    const list = known.map(([service, names]) => `${service} has ${names.join(', ')}`).join('; ');
    throw new UsageError(`--set ${setting}: there is no setting ${shown(name)}; ${list}`);
  }
}

function settingsOf(processor: AnyProcessor): Readonly<Record<string, unknown>> {
  return processor.configOf({}) as Readonly<Record<string, unknown>>;
}

function partsOf(setting: string): { readonly name: string; readonly text: string } {
  const at = setting.indexOf('=');
  if (at <= 0) throw new UsageError(`--set is ${shown(setting)}; it must be NAME=VALUE, like minEffect=0.3`);
  return { name: setting.slice(0, at), text: setting.slice(at + 1) };
}

function valueOf(setting: string, text: string, like: unknown): unknown {
  if (typeof like === 'string') return text;
  // A list of numbers or words as the environment has it: 100,1000.
  const isPlainList = Array.isArray(like) && !text.trim().startsWith('[');
  const value = isPlainList ? text.split(',').map(jsonOrText) : jsonOrText(text);
  const isFit = Array.isArray(like)
    ? Array.isArray(value) && (text !== '' || !isPlainList)
    : typeof value === typeof like;
  if (!isFit)
    throw new UsageError(
      `--set ${setting}: ${shown(text)} is not ${kindOf(like)}, like the default ${JSON.stringify(like)}`,
    );
  return value;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a JSON object' : `a ${typeof value}`;
}
