/** Fields of foreign JSON, checked one by one: a wrong type gets an error with the field's path instead of a crash further on. */
import { ExplainError } from '../errors.ts';

export type Json = { readonly [key: string]: unknown };

function wrong(path: string, value: unknown, wanted: string): ExplainError {
  const shown = value === undefined ? 'missing' : (JSON.stringify(value) ?? 'no JSON value').slice(0, 60);
  return new ExplainError(
    'BAD_MODEL',
    `the model's field ${path} is ${shown}, but must be ${wanted}; save the model again`,
  );
}

/** @throws {ExplainError} BAD_MODEL, also when the text is no JSON. */
export function parseJson(input: string | object): Json {
  let value: unknown = input;
  if (typeof input === 'string') {
    try {
      value = JSON.parse(withoutBareWords(input));
    } catch (cause) {
      throw new ExplainError('BAD_MODEL', `the model is no JSON document: ${String(cause)}; save the model again`, {
        cause,
      });
    }
  }
  return objectAt('(document)', value);
}

/** Python and XGBoost write NaN and Infinity as bare words, which JSON does not know. Strings are left alone. */
function withoutBareWords(text: string): string {
  const words: Record<string, string> = { NaN: 'null', Infinity: '1e999', '-Infinity': '-1e999' };
  return text.replace(/"(?:[^"\\]|\\.)*"|NaN|-?Infinity/g, (found) => words[found] ?? found);
}

export function objectAt(path: string, value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, value, 'an object');
  return value as Json;
}

export function arrayAt(path: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, value, 'an array');
  return value;
}

/** A number, or a string that spells one, as XGBoost writes parameters. Infinity is allowed, NaN is not. */
export function numberAt(path: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) throw wrong(path, value, 'a number');
  return number;
}

export function wholeAt(path: string, value: unknown): number {
  const number = numberAt(path, value);
  if (!Number.isInteger(number)) throw wrong(path, value, 'a whole number');
  return number;
}

export function stringAt(path: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(path, value, 'a string');
  return value;
}

export function numbersAt(path: string, value: unknown): number[] {
  return arrayAt(path, value).map((each, at) => numberAt(`${path}[${at}]`, each));
}

/** Names from the file when there are as many as features, else f0, f1 … */
export function namesOf(value: unknown, count: number): string[] {
  if (Array.isArray(value) && value.length === count) return value.map(String);
  return Array.from({ length: Math.min(count, 1_000_001) }, (_, at) => `f${at}`);
}
