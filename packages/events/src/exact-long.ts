import avsc from 'avsc';
import { readVarint, writeVarint } from './varint.ts';

/** Longs as numbers within ±(2⁵³ − 1). avsc's own reads and writes −9e15 as 9e15: it takes the sign from a double that has lost its last bit. */
const EXACT_LONG: avsc.Type = avsc.types.LongType.__with(
  {
    fromBuffer: (bytes: Uint8Array): number => {
      const value = readVarint(bytes, 0)?.value;
      if (!Number.isSafeInteger(value)) throw new Error('a long is outside ±(2^53 - 1)');
      return value as number;
    },
    toBuffer: writeVarint,
    fromJSON: Number,
    toJSON: Number,
    isValid: Number.isSafeInteger,
    compare: (a: number, b: number): number => Math.sign(a - b),
  },
  true,
);

/** The type of a schema, with exact longs. @throws {Error} when it is no schema. */
export function typeOf(schema: object): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, { registry: { long: EXACT_LONG } });
}
