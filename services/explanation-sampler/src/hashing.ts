import { hash } from 'node:crypto';

/** Uniform in [0, 1), of the parts alone: the same on every replica and in every replay. 48 bits of SHA-256. */
export function uniformOf(...parts: readonly string[]): number {
  return Number.parseInt(digestOf(...parts).slice(0, 12), 16) / 2 ** 48;
}

/** SHA-256, lower-case hex. */
export function digestOf(...parts: readonly (string | null)[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex');
}
