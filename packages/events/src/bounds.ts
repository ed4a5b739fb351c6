/**
 * Walks an Avro body without building it. The threat: avsc trusts the counts and lengths in the bytes, so five flipped bytes that announce
 * 2⁴⁰ items make it allocate until the process dies. What passes here decodes in memory proportional to its bytes.
 */
import type avsc from 'avsc';
import { DataError } from './errors.ts';

type Walk = (bytes: Uint8Array, at: number) => number;

class Broken extends DataError {}

/** Compiled once per schema. The function returned says what is wrong with the body from `from` on, or nothing. O(bytes). */
export function boundsOf(type: avsc.Type): (bytes: Uint8Array, from: number) => string | undefined {
  const walk = walkOf(type);
  return (bytes, from) => {
    try {
      const end = walk(bytes, from);
      if (end > bytes.length) return 'the body is cut short';
      return end < bytes.length ? `${bytes.length - end} bytes follow the body` : undefined;
    } catch (error) {
      if (error instanceof Broken) return error.message;
      throw error;
    }
  };
}

function walkOf(type: avsc.Type): Walk {
  switch (type.typeName) {
    case 'null':
      return (_, at) => at;
    case 'boolean':
      return (_, at) => at + 1;
    case 'float':
      return (_, at) => at + 4;
    case 'double':
      return (_, at) => at + 8;
    case 'int':
    case 'long':
      return (bytes, at) => varint(bytes, at).at;
    case 'enum': {
      const { symbols } = type as avsc.types.EnumType;
      return (bytes, at) => {
        const index = varint(bytes, at);
        if (!(index.value >= 0 && index.value < symbols.length))
          throw new Broken(`an enum of ${symbols.length} symbols has index ${index.value}`);
        return index.at;
      };
    }
    case 'string':
    case 'bytes':
      return (bytes, at) => {
        const length = varint(bytes, at);
        if (!(length.value >= 0 && length.at + length.value <= bytes.length))
          throw new Broken(`a ${type.typeName} announces ${length.value} bytes, ${bytes.length - length.at} are left`);
        return length.at + length.value;
      };
    case 'fixed': {
      const { size } = type as avsc.types.FixedType;
      return (_, at) => at + size;
    }
    case 'array':
      return blocks(walkOf((type as avsc.types.ArrayType).itemsType));
    case 'map': {
      const { valuesType } = type as avsc.types.MapType;
      const key = walkOf(STRING);
      const value = walkOf(valuesType);
      return blocks((bytes, at) => value(bytes, key(bytes, at)));
    }
    case 'record': {
      const fields = (type as avsc.types.RecordType).fields.map((field) => walkOf(field.type));
      return (bytes, at) => fields.reduce((next, field) => field(bytes, next), at);
    }
    case 'union:unwrapped':
    case 'union:wrapped': {
      const branches = (type as avsc.types.UnwrappedUnionType).types.map(walkOf);
      return (bytes, at) => {
        const index = varint(bytes, at);
        const branch = branches[index.value];
        if (branch === undefined) throw new Broken(`a union of ${branches.length} has branch ${index.value}`);
        return branch(bytes, index.at);
      };
    }
    default:
      throw new TypeError(`${type.typeName} is not used by Weir's events; teach bounds.ts to walk it`);
  }
}

const STRING = { typeName: 'string' } as avsc.Type;

function blocks(item: Walk): Walk {
  return (bytes, start) => {
    let at = start;
    for (;;) {
      let count = varint(bytes, at);
      at = count.at;
      if (count.value === 0) return at;
      if (count.value < 0) {
        // A negative count is followed by the block's size in bytes, for readers that skip.
        at = varint(bytes, at).at;
        count = { value: -count.value, at };
      }
      // Every item of our events takes a byte or more.
      if (!(count.value <= bytes.length - at))
        throw new Broken(`a block announces ${count.value} items, ${Math.max(0, bytes.length - at)} bytes are left`);
      for (let index = 0; index < count.value; index += 1) {
        at = item(bytes, at);
        if (at > bytes.length) throw new Broken('the body is cut short');
      }
    }
  };
}

function varint(bytes: Uint8Array, from: number): { readonly value: number; readonly at: number } {
  let total = 0;
  let scale = 1;
  for (let at = from; at < from + 10; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) throw new Broken('the body is cut short');
    total += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value: total % 2 === 0 ? total / 2 : -(total - 1) / 2 - 1, at: at + 1 };
    scale *= 128;
  }
  throw new Broken('a number has more than ten bytes');
}
