/**
 * Walks an Avro body without building it. The threat: avsc trusts the counts and lengths in the bytes, so five flipped bytes that announce
 * 2⁴⁰ items make it allocate until the process dies; and a text of a megabyte for a name would live on in every state and label. What passes
 * here decodes in memory proportional to its bytes, with texts and times within the bounds of `limits.ts`.
 */
import type avsc from 'avsc';
import { DataError } from './errors.ts';
import { MAX_EVENT_TIME_MS, textBound } from './limits.ts';
import { readVarint } from './varint.ts';

type Walk = (bytes: Uint8Array, at: number) => number;

/** The bytes are not what their schema says. */
class Broken extends DataError {}
/** They are, and hold what no event may. */
class OutOfBounds extends DataError {}

export interface Fault {
  readonly code: 'UNDECODABLE' | 'OUT_OF_BOUNDS';
  /** Names field, value, rule; for OUT_OF_BOUNDS the cure too. */
  readonly message: string;
}

export type Bounds = (bytes: Uint8Array, from: number) => Fault | undefined;

/** Compiled once per schema. The function returned says what is wrong with the body from `from` on, or nothing. O(bytes). */
export function boundsOf(type: avsc.Type): Bounds {
  const walk = walkOf(type, { record: '', name: '' });
  const broken = (message: string): Fault => ({ code: 'UNDECODABLE', message });
  return (bytes, from) => {
    try {
      const end = walk(bytes, from);
      if (end > bytes.length) return broken('the body is cut short');
      return end < bytes.length ? broken(`${bytes.length - end} bytes follow the body`) : undefined;
    } catch (error) {
      if (error instanceof Broken) return broken(error.message);
      if (error instanceof OutOfBounds) return { code: 'OUT_OF_BOUNDS', message: error.message };
      throw error;
    }
  };
}

/** Where in the schema a value stands: the innermost record and its field. */
interface Place {
  readonly record: string;
  readonly name: string;
}

function walkOf(type: avsc.Type, place: Place): Walk {
  // An exact long says abstract:long.
  switch (type.typeName as string) {
    case 'null':
      return (_, at) => at;
    case 'boolean':
      return (_, at) => at + 1;
    case 'float':
      return (_, at) => at + 4;
    case 'double':
      return (_, at) => at + 8;
    case 'int':
      return int(place);
    case 'long':
    case 'abstract:long':
      return long(place);
    case 'enum':
      return choice((type as avsc.types.EnumType).symbols.length, place);
    case 'string':
      return text(place, textBound(place.record, place.name), 'a text');
    case 'bytes':
      return text(place, Number.POSITIVE_INFINITY, 'bytes');
    case 'fixed': {
      const { size } = type as avsc.types.FixedType;
      return (_, at) => at + size;
    }
    case 'array':
      return blocks(walkOf((type as avsc.types.ArrayType).itemsType, place), place);
    case 'map': {
      const key = text(place, textBound(place.record, place.name), 'a name');
      const value = walkOf((type as avsc.types.MapType).valuesType, place);
      return blocks((bytes, at) => value(bytes, key(bytes, at)), place);
    }
    case 'record': {
      const { name: record = '', fields } = type as avsc.types.RecordType;
      const walks = fields.map((field) =>
        walkOf(field.type, { record: record.slice(record.lastIndexOf('.') + 1), name: field.name }),
      );
      return (bytes, at) => walks.reduce((next, walk) => walk(bytes, next), at);
    }
    case 'union:unwrapped':
    case 'union:wrapped':
      return union((type as avsc.types.UnwrappedUnionType).types, place);
    default:
      throw new TypeError(`${type.typeName} is not used by Weir's events; teach bounds.ts to walk it`);
  }
}

function int({ name }: Place): Walk {
  return (bytes, from) => {
    const { value, at } = varint(bytes, from, name);
    if (value !== (value | 0)) throw new Broken(`field ${name}: an int is ${value}, outside 32 bits`);
    return at;
  };
}

function long({ name }: Place): Walk {
  const isTime = name === 'eventTimeMs';
  return (bytes, from) => {
    const { value, at } = varint(bytes, from, name);
    if (isTime && !(Math.abs(value) <= MAX_EVENT_TIME_MS))
      throw new OutOfBounds(
        `field ${name} is ${value}, outside ±${MAX_EVENT_TIME_MS}; give milliseconds since 1970-01-01 UTC, not micro- or nanoseconds`,
      );
    if (!Number.isSafeInteger(value))
      throw new OutOfBounds(`field ${name} is ${value}, outside ±(2^53 - 1); give a whole number within it`);
    return at;
  };
}

/** Up to `most` bytes behind their length. */
function text({ name }: Place, most: number, what: string): Walk {
  return (bytes, from) => {
    const { value: length, at } = varint(bytes, from, name);
    if (!(length >= 0 && length <= bytes.length - at))
      throw new Broken(`field ${name}: ${what} announces ${length} bytes, ${bytes.length - at} are left`);
    if (length > most)
      throw new OutOfBounds(`field ${name} has ${what} of ${length} bytes, at most ${most} are allowed; shorten it`);
    return at + length;
  };
}

function choice(symbols: number, { name }: Place): Walk {
  return (bytes, from) => {
    const { value, at } = varint(bytes, from, name);
    if (!(value >= 0 && value < symbols)) throw new Broken(`field ${name}: an enum of ${symbols} has index ${value}`);
    return at;
  };
}

function union(types: readonly avsc.Type[], place: Place): Walk {
  const branches = types.map((type) => walkOf(type, place));
  return (bytes, from) => {
    const { value, at } = varint(bytes, from, place.name);
    const branch = branches[value];
    if (branch === undefined)
      throw new Broken(`field ${place.name}: a union of ${branches.length} has branch ${value}`);
    return branch(bytes, at);
  };
}

function blocks(item: Walk, { name }: Place): Walk {
  return (bytes, start) => {
    let at = start;
    for (;;) {
      const block = varint(bytes, at, name);
      at = block.at;
      if (block.value === 0) return at;
      // A negative count is followed by the block's size in bytes, for readers that skip.
      if (block.value < 0) at = varint(bytes, at, name).at;
      const count = Math.abs(block.value);
      // Every item of our events takes a byte or more.
      if (!(count <= bytes.length - at))
        throw new Broken(
          `field ${name}: a block announces ${count} items, ${Math.max(0, bytes.length - at)} bytes are left`,
        );
      for (let index = 0; index < count; index += 1) {
        at = item(bytes, at);
        if (at > bytes.length) throw new Broken('the body is cut short');
      }
    }
  };
}

function varint(bytes: Uint8Array, from: number, field: string): { readonly value: number; readonly at: number } {
  const found = readVarint(bytes, from);
  if (found !== undefined) return found;
  throw new Broken(
    bytes.length - from < 10 ? 'the body is cut short' : `field ${field}: a number has more than ten bytes`,
  );
}
