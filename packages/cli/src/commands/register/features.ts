/** Features and outputs as people name them on a command line or in a file. */
import { existsSync, readFileSync } from 'node:fs';
import type { ModelVersionRegistered } from '@weir/events/generated/events';
import { UsageError } from '../../output.ts';
import { openTable } from '../../tables/open.ts';
import { leaveOut, reasons } from '../../tables/shared-columns.ts';
import { shown } from '../../tables/shown.ts';
import type { Reading } from '../../tables/table.ts';

type Feature = ModelVersionRegistered['featureSet']['features'][number];
type OutputColumn = ModelVersionRegistered['outputs'][number];

const KEYS = ['name', 'type', 'unit', 'protected'];

/**
 * `name:type[:unit]` with commas between, a JSON file with a list of {"name", "type", "unit", "protected"}, or a file of data whose columns
 * are the features, but for those named in `outputs` and those that can be none, such as times, which `note` is told of.
 * @throws {UsageError}
 */
export async function featuresOf(
  text: string,
  outputs: readonly OutputColumn[],
  reading: Reading,
  note: (text: string) => void,
): Promise<readonly Feature[]> {
  const isFile = existsSync(text) || /\.(json|csv|tsv|parquet|parq|pq|ndjson|jsonl)(\.gz)?$/i.test(text);
  const features = isFile
    ? /\.json$/i.test(text)
      ? ofJson(text)
      : await ofTable(text, outputs, reading, note)
    : text.split(',').map(ofWord);
  distinct([...features.map(({ name }) => name), ...outputs.map(({ name }) => name)]);
  return features;
}

/** `name[:unit]` with commas between. @throws {UsageError} */
export function outputsOf(text: string | undefined): readonly OutputColumn[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => {
    const [name = '', unit = '', ...rest] = word.split(':').map((part) => part.trim());
    if (name === '' || rest.length > 0)
      throw new UsageError(`--outputs has ${shown(word)}; an output is NAME or NAME:UNIT, with commas between`);
    return { name, unit: unit === '' ? null : unit };
  });
}

function ofWord(word: string): Feature {
  const [name = '', type, unit = '', ...rest] = word.split(':').map((part) => part.trim());
  if (name === '' || !isType(type) || rest.length > 0)
    throw new UsageError(
      `--features has ${shown(word)}; a feature is NAME:numeric or NAME:categorical, a third part its unit, with commas between; or give a file`,
    );
  return { name, type, unit: unit === '' ? null : unit, protected: false };
}

function ofJson(path: string): readonly Feature[] {
  const refuse = (rule: string): never => {
    throw new UsageError(
      `${path}: ${rule}; give a list like [{"name": "distance", "type": "numeric", "unit": "mi", "protected": false}]`,
    );
  };
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return refuse(
      error instanceof SyntaxError ? `it is not JSON: ${error.message}` : `cannot be read: ${String(error)}`,
    );
  }
  if (!Array.isArray(list) || list.length === 0) return refuse('it is no list of features');
  return list.map((each: unknown, at): Feature => {
    if (typeof each !== 'object' || each === null) return refuse(`feature ${at + 1} is ${shown(each)}`);
    const { name, type, unit = null, protected: isProtected = false } = each as Partial<Record<string, unknown>>;
    const unknown = Object.keys(each).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) return refuse(`feature ${at + 1} has ${shown(unknown)}, which no feature has`);
    if (typeof name !== 'string' || name === '') return refuse(`feature ${at + 1} has the name ${shown(name)}`);
    if (!isType(type)) return refuse(`feature ${at + 1} has the type ${shown(type)}`);
    if (unit !== null && typeof unit !== 'string') return refuse(`feature ${at + 1} has the unit ${shown(unit)}`);
    if (typeof isProtected !== 'boolean') return refuse(`feature ${at + 1} has protected ${shown(isProtected)}`);
    return { name, type, unit, protected: isProtected };
  });
}

async function ofTable(
  path: string,
  outputs: readonly OutputColumn[],
  reading: Reading,
  note: (text: string) => void,
): Promise<readonly Feature[]> {
  const { columns, doubt } = await openTable(path, reading);
  if (doubt !== undefined) throw new UsageError(`${path}: ${doubt}`);
  const names = columns.map(({ name }) => name);
  const missing = outputs.find(({ name }) => !names.includes(name));
  if (missing !== undefined && outputs.some(({ name }) => names.includes(name)))
    throw new UsageError(
      `${path} has no column ${shown(missing.name)}, which --outputs names beside others that it has`,
    );
  const left = new Map<string, string[]>();
  const features = columns
    .filter(({ name }) => !outputs.some((output) => output.name === name))
    .flatMap(({ name, holds }): Feature[] => {
      if (typeof holds !== 'string' && holds.isText !== true) {
        leaveOut(left, name, holds.unfit);
        return [];
      }
      return [{ name, type: typeof holds === 'string' ? 'numeric' : 'categorical', unit: null, protected: false }];
    });
  const why = left.size === 0 ? 'it has no other columns than the outputs' : reasons(left);
  if (features.length === 0)
    throw new UsageError(`${path} gives no feature: ${why}; name the features with --features NAME:TYPE,…`);
  if (left.size > 0) note(`no feature: ${why}`);
  return features;
}

function isType(type: unknown): type is Feature['type'] {
  return type === 'numeric' || type === 'categorical';
}

function distinct(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new UsageError(`${shown(twice)} stands twice among features and outputs; a name stands for one column`);
}
